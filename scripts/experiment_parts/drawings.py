"""Figures drawn like the papers': each takes an Outcome and writes an SVG."""

import collections

from lab_parts import figures  # noqa: F401  (puts scripts/ on the path)

import canvas

BLUE, RED, ORANGE, PALE, GREEN = "#1f5fa8", "#c8102e", "#d9541e", "#b9cbe0", "#2a8a4a"
TOP, FOOT = 62, 56


def _page(height, title, x_label):
    svg = canvas.Svg(canvas.WIDTH, height)
    svg.text(canvas.LEFT, 28, title, size=17, weight="bold")
    svg.text((canvas.LEFT + canvas.WIDTH - canvas.RIGHT) / 2, height - 14, x_label, "middle", 13, canvas.GREY)
    return svg


def _panel(svg, top, height, x_top, y_top, y_label):
    x_ticks = canvas.ticks(x_top)
    panel = canvas.Panel(svg, top, height, x_ticks, x_top, canvas.ticks(y_top))
    svg.text(24, top + height / 2, y_label, "middle", 13, canvas.GREY, turn=-90)
    return panel


def saw_tooth(outcome, path, every=0.5):
    """Throughput at the receiver, half a second at a time: throttled replays, beside the look-alike of a shaper where the
    rows have one."""
    bins = collections.defaultdict(lambda: collections.defaultdict(int))
    for name, way, time, size in outcome.rows[1:]:
        bins[f"{name}, {way}"][int(float(time) / every)] += int(size)
    curves = {n: b for n, b in bins.items() if max(b) * every > 3}
    svg = _page(TOP + 150 * len(curves) + FOOT, "What arrived of throttled replays, each half second", "seconds")
    canvas.legend(svg, 46, [("line", BLUE, "measured on the model"), ("dash", ORANGE, "130 and 150 kbit/s (X21)")])
    for number, (name, steps) in enumerate(curves.items()):
        last = max(max(b) for b in curves.values()) + 1
        panel = _panel(svg, TOP + 150 * number, 112, last * every, 400, "kbit/s")
        points = []
        for step in range(last):
            value = min(steps.get(step, 0) * 8 / every / 1e3, panel.y_top)
            points += [(panel.x(step * every), panel.y(value)), (panel.x((step + 1) * every), panel.y(value))]
        svg.path(points, BLUE)
        for rate in 130, 150:
            svg.line(panel.x(0), panel.y(rate), panel.x(panel.x_top), panel.y(rate), ORANGE, 1, "6 4")
        svg.text(canvas.WIDTH - canvas.RIGHT, TOP + 150 * number - 6, name, "end", 13)
    canvas.write(svg.document(), path)


def sequence(outcome, path, first=4.0):
    """Sequence numbers over time: what arrived, and what was sent and never came; the whole, and the first seconds larger."""
    rows = [(float(t), int(seq), int(size), arrived == 1) for t, seq, size, arrived in outcome.rows[1:]]
    rows = [r for r in rows if r[1] < 2**31]
    svg = _page(TOP + 2 * 340 + FOOT, "Sent by the server: what reached the client, and what did not", "seconds")
    canvas.legend(svg, 46, [("line", BLUE, "arrived"), ("cross", RED, "sent, never came")])
    for top, some, mark in (TOP, rows, 2.0), (TOP + 350, [r for r in rows if r[0] <= first], 4.0):
        panel = _panel(svg, top, 290, max(r[0] for r in some), max(r[1] for r in some) / 1024, "sequence number, KiB")
        for time, seq, size, arrived in sorted(some, key=lambda r: r[3]):
            x, low, high = panel.x(time), panel.y(seq / 1024), panel.y((seq + size) / 1024)
            if arrived:
                svg.line(x - mark / 2, min(low, high + mark / 2), x + mark / 2, min(low, high + mark / 2), BLUE, mark)
            else:
                canvas.cross(svg, x, low, mark, RED, 1.0)
    canvas.write(svg.document(), path)


def _grid(svg, top, rows, columns, colour_of, left=300, width=70, height=22):
    for c, column in enumerate(columns):
        svg.text(left + width * c + width / 2, top - 8, column, "middle", 12, canvas.GREY)
    for r, row in enumerate(rows):
        y = top + r * height
        svg.text(left - 10, y + 15, row, "end", 12)
        for c, column in enumerate(columns):
            colour, mark = colour_of(row, column)
            svg.add(f'<rect x="{left + width * c:.1f}" y="{y:.1f}" width="{width - 3}" height="{height - 3}" fill="{colour}"/>')
            svg.text(left + width * c + width / 2, y + 14, mark, "middle", 11, canvas.INK)


def matrix(outcome, path):
    """Names against epochs: throttled or not, and whether print agrees."""
    cells = {tuple(c.label.split(" ", 1)): c for c in outcome.cells}
    epochs = list(dict.fromkeys(key[0] for key in cells))
    names = list(dict.fromkeys(key[1] for key in cells))
    svg = _page(TOP + 30 + 22 * len(names) + 40, "Twitter in 2021: which names the model throttled, by the book of which day",
                "red: throttled; blue: not; n.s.: not stated in print; !: unlike print")

    def colour_of(name, epoch):
        cell = cells[(epoch, name)]
        return ("#f0b7bf" if cell.found else PALE), "n.s." if cell.expected is None else ("" if cell.holds() else "!")
    _grid(svg, TOP + 24, names, epochs, colour_of)
    canvas.write(svg.document(), path)


def byte_map(outcome, path, per_row=48):
    """Every byte of the hello: red where turning it over lets the connection escape; the fields by number."""
    rows = outcome.rows[1:]
    fields = list(dict.fromkeys(field for _, field, escapes in rows if escapes))
    size = (canvas.WIDTH - canvas.LEFT - canvas.RIGHT) / per_row
    bottom = TOP + 34 * -(-len(rows) // per_row)
    svg = _page(bottom + 18 * -(-len(fields) // 3) + FOOT, "The hello, byte by byte: which must be right",
                "red: with this byte turned over, the connection is not throttled")
    last = None
    for number, field, escapes in rows:
        x, y = canvas.LEFT + size * (number % per_row), TOP + 34 * (number // per_row)
        svg.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 1:.1f}" height="16" fill="{RED if escapes else PALE}"/>')
        if escapes and field != last:
            svg.text(x + size / 2, y + 28, str(fields.index(field) + 1), "middle", 10)
        last = field if escapes else None
        if number % per_row == 0:
            svg.text(canvas.LEFT - 8, y + 13, str(number), "end", 11, canvas.GREY)
    for number, field in enumerate(fields):
        svg.text(canvas.LEFT + 280 * (number % 3), bottom + 14 + 18 * (number // 3), f"{number + 1}  {field}", size=12)
    canvas.write(svg.document(), path)


def cut_offs(outcome, path):
    """How often the hello was still seen, as the k-th further packet; the drop is where windows end."""
    kinds = collections.defaultdict(list)
    for kind, k, part in outcome.rows[1:]:
        kinds[kind].append((int(k), float(part)))
    svg = _page(TOP + 320 + FOOT, "How many further packets are looked at", "the hello is the k-th further packet")
    panel = _panel(svg, TOP, 320, max(k for points in kinds.values() for k, _ in points), 1.0, "share of connections throttled")
    colours = (BLUE, GREEN, ORANGE)
    for colour, (kind, points) in zip(colours, kinds.items()):
        svg.path([(panel.x(k), panel.y(part)) for k, part in points], colour, 2)
    for edge in 3, 15:
        svg.line(panel.x(edge), panel.top, panel.x(edge), panel.bottom, canvas.GREY, 1, "4 4")
    canvas.legend(svg, 46, [("line", colour, kind) for colour, kind in zip(colours, kinds)] + [("dash", canvas.GREY, "3 and 15 (X21)")])
    canvas.write(svg.document(), path)


def ladder(outcome, path):
    """The TTL of the hello against what became of the connection, for each place of the box."""
    rungs = [(int(hops), int(ttl), int(slow)) for hops, ttl, slow in outcome.rows[1:]]
    places = sorted({hops for hops, _, _ in rungs})
    svg = _page(TOP + 26 * len(rungs) + 44 * len(places) + FOOT, "A hello that lives for so many hops",
                "the box stands between the last blue rung and the first red one")
    y = TOP - 26
    for hops in places:
        y += 44
        svg.text(canvas.LEFT, y - 8, f"box behind {hops} router{'s' if hops > 1 else ''}", size=13)
        for ttl, slow in ((ttl, slow) for at, ttl, slow in rungs if at == hops):
            svg.text(canvas.LEFT - 10, y + 14, f"TTL {ttl}", "end", 13)
            svg.add(f'<rect x="{canvas.LEFT}" y="{y}" width="{80 * ttl}" height="18" fill="{RED if slow else BLUE}" fill-opacity="0.8"/>')
            svg.text(canvas.LEFT + 80 * ttl + 10, y + 14, "throttled" if slow else "full speed", size=13, colour=canvas.GREY)
            y += 26
    canvas.write(svg.document(), path)

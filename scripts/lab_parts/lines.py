"""One platform's media slowed on every mobile line and on half of the fixed ones, then lifted on the fixed lines by a book
that is pushed while downloads run (facts E7, E10).

Every line is an address of its own with one download over TLS, held to 2 Mbit/s by the client. Rates count IP bytes at the
client's end of the wire. Which fixed lines have a box on their way is asked of `slowlane explain`."""

import contextlib
import ipaddress
import json
import os
import subprocess
import sys
import time

from . import bench, boxes, figures, ground, reload, story, topology, watch

BEFORE, LIFTED = "twitter-2021-04-02-lines", "twitter-2021-05-17-lines"
MOBILE = [f"192.0.2.{65 + i}" for i in range(4)]
FIXED = [f"192.0.2.{97 + i}" for i in range(12)]
NAME, FREE = "abs.twimg.com", 2_000_000  # bit/s of payload that each line takes at most
SIPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sips.py")
LOW, HIGH, SLOW = 110_000, 170_000, 400_000
LONG, QUICK, SETTLED = 20.0, 10.0, 4.0  # seconds: before and after the push, and until TCP has found its rate


def has_box(line):
    """Whether the first book slows this line."""
    told = subprocess.run([boxes.binary(), "explain", "--json", "--book", story.book(BEFORE), "--host", NAME, "--client", line,
                           "--server", f"{topology.SERVER}:443"], capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise ground.LabError(f"explain: {told.stderr}")
    return json.loads(told.stdout)["class"] == "slow"


@contextlib.contextmanager
def downloads(lab, seconds):
    """A download on every line while the body runs."""
    running = subprocess.Popen(lab.at("client") + [sys.executable, SIPS, topology.SERVER, NAME, "film.bin", str(FREE),
                                                   str(seconds + 30), *MOBILE, *FIXED], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(10)


def measure(lab, box, folder, part):
    """Downloads on all lines, a push after so many seconds, and as many again."""
    boxes.put(lab, box, story.book(BEFORE))
    os.makedirs(folder, exist_ok=True)
    with watch.captures(lab, folder, {"client": "wire", "server": "wire"}, "src port 443") as files:
        with downloads(lab, 2 * part):
            time.sleep(part)
            lifted = reload.change(lab, "reload", story.book(LIFTED), "--wait", "0s")[1] if box == "slowlane" else time.time()
            time.sleep(part)
            end = time.time()
    curves = _by_line(files)
    zero = min(arrived[0][0] for _, arrived in curves.values())
    lines = {}
    for line in MOBILE + FIXED:
        packets = curves[line][1]
        lines[line] = {"kind": "mobile" if line in MOBILE else "fixed", "box": has_box(line),
                       "before_bps": _rate(packets, zero + SETTLED, lifted), "after_bps": _rate(packets, lifted + SETTLED, end)}
    return {"lines": lines, "lifted_s": lifted - zero, "zero": zero, "curves": curves}


def _by_line(files):
    """What went down to each line, in order: (time, IP bytes) of what was sent and of what arrived. A packet that arrived
    counts as sent when it arrived, so that the way itself does not look like loss."""
    out = {}
    for segment, way in figures.pairs(files["server"], files["client"], 443, "down"):
        sent, arrived = out.setdefault(str(ipaddress.ip_address(segment.flow[2])), ([], []))
        packet = (segment.time / 1e9 + (way or 0), segment.ip_bytes)
        sent.append(packet)
        if way is not None:
            arrived.append(packet)
    return {line: tuple(map(sorted, both)) for line, both in out.items()}


def _rate(packets, begin, end):
    return sum(size for moment, size in packets if begin <= moment < end) * 8 / (end - begin)


def claims_of(found):
    lines = found["lines"].values()
    mobile = [one for one in lines if one["kind"] == "mobile"]
    slowed = [one for one in lines if one["kind"] == "fixed" and one["box"]]
    free = [one for one in lines if one["kind"] == "fixed" and not one["box"]]
    return {
        "before, every mobile line has 110 to 170 kbit/s": all(LOW < one["before_bps"] < HIGH for one in mobile),
        "before, so have the fixed lines with a box on their way": all(LOW < one["before_bps"] < HIGH for one in slowed),
        "about half of the fixed lines have one": len(FIXED) / 4 <= len(slowed) <= len(FIXED) * 3 / 4,
        "the others are free": all(one["before_bps"] > SLOW for one in free),
        "the pushed book frees the downloads of all fixed lines": all(one["after_bps"] > SLOW for one in slowed + free),
        "mobile lines stay slow": all(LOW < one["after_bps"] < HIGH for one in mobile)}


def draw(order, found):
    groups = {"mobile": MOBILE, "fixed, with a box": [a for a in FIXED if found["lines"][a]["box"]],
              "fixed, without": [a for a in FIXED if not found["lines"][a]["box"]]}
    curves = []
    for key, members in groups.items():
        ends = ([(t - found["zero"], size) for a in members for t, size in found["curves"][a][end]] for end in (0, 1))
        curves.append((f"{key} ({len(members)})", "down", *ends, None))
    figures.write_series(order.path("series.csv"), curves, every=0.5)
    figures.plot(order.path("series.csv"), order.path("lines.svg"),
                 f"All lines together: fixed lines lifted by a push after {found['lifted_s']:.0f} s")


def run(order):
    with bench.standing_lab(order.name, bench.Wanted(box="none", rtt_ms=order.rtt_ms or 20)) as lab:
        story.give_addresses(lab, "client", MOBILE + FIXED)
        found = measure(lab, order.box, order.path("captures"), QUICK if order.quick else LONG)
    draw(order, found)
    rows = [[line, one["kind"], "yes" if one["box"] else "no", figures.rate_text(one["before_bps"]),
             figures.rate_text(one["after_bps"])] for line, one in found["lines"].items()]
    kept = {name: value for name, value in found.items() if name != "curves"} | {"claims": claims_of(found)}
    return story.finish(order, "lines", ["line", "kind", "box", "before the push", "after it"], rows, kept)

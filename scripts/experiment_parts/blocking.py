"""Themes F and G: blocking by name and address, as reported of 2022 (O25 to O30). Most figures are second-hand."""

from lab_parts import figures

from . import hellos, sessions, virtual
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import both, bulk, send, session
from .triggers import CELLS, cell_rows

capture_files = figures.capture_files
BOOK = "tspu-2022"
NAMES = {"I": "sni-1.example", "II": "sni-2.example", "III": "twitter.com", "IV": "sni-4.example"}
HOLDS = {"I": 75, "II": 420, "IV": 40}  # s (fact G3)
STREAMS = 12
IP_TTL = 14 + 8  # its offset in an Ethernet frame


def hello(kind):
    return send("client", hellos.client_hello(NAMES[kind]).data)


def of_session(bench, result, end):
    """The frames of one session in one end's capture: (segment, TTL), in order."""
    local, out = result.session["local"], []
    for frame, found in capture_files.packets(bench.path(f"captures/{end}.pcap")):
        if found and found.protocol == 6 and local in (found.flow[1], found.flow[3]):
            out.append((found, frame.data[IP_TTL]))
    return out


def residual(bench, kind):
    """Cells: the same 5-tuple shortly before and after the hold ends, with a name that nothing is done to; and another port."""
    first = session("first", [hello(kind), *[send("server", hellos.noise(90))] * 12])
    begin, cells = _hold_begins(bench, first), []
    for wait in HOLDS[kind] - 5, HOLDS[kind] + 5:
        cells.append(Cell(f"SNI-{kind}, same 5-tuple {wait} s later", wait < HOLDS[kind],
                          _held(bench, first, first["local"], begin + wait * virtual.SECOND)))
    cells.append(Cell(f"SNI-{kind}, another port at once", False, _held(bench, first, None, begin + virtual.SECOND)))
    return cells


def _hold_begins(bench, first):
    """When the first packet was dropped, or came from the server behind the hello, to be rewritten; ns."""
    capture = virtual.Capture()
    virtual.talk_of(capture, first)
    rows = bench.fates(capture)
    touched = [row for row in rows if row["fate"] != "sent"] or [row for row in rows[4:] if row["direction"] == "down"]
    whole, _, part = touched[0]["time_in"].partition(".")
    return int(whole) * virtual.SECOND + int(part.ljust(9, "0"))


def _held(bench, first, local, time):
    """Whether a later connection that nothing is to be done to has something done to it."""
    capture = virtual.Capture()
    virtual.talk_of(capture, first)
    again = session("again", [send("client", hellos.client_hello("example.com").data), send("server", hellos.noise(90))],
                    **({"local": local} if local else {}))
    virtual.talk_of(capture, again, time)
    return bench.acts_on(capture, again)


def rewritten(bench):
    """O25: server's packets become RST/ACK on the way, one for one."""
    result = bench.play([session("SNI-I", [hello("I"), send("server", hellos.noise(500))], seconds=8)], capture=True)["SNI-I"]
    left = [p for p in of_session(bench, result, "server") if p[0].flow[1] == 443]
    came = [p for p in of_session(bench, result, "client") if p[0].flow[1] == 443]
    left = [p for p in left if p[0].time <= came[-1][0].time]  # the server goes on behind the end of the client's capture
    loaded = [(a, b) for a, b in zip(left, came) if a[0].payload]
    claims = {
        "as many packets came as were sent (nothing was injected)": len(left) == len(came),
        "every one with payload became RST/ACK without payload": bool(loaded) and all(
            b[0].flags & 0x3F == 0x14 and b[0].payload == 0 for a, b in loaded),
        "sequence numbers and TTLs are those of the server's packets": all(
            a[0].seq == b[0].seq and a[1] - b[1] == left[0][1] - came[0][1] for a, b in loaded),
        "the client's connection was reset": result.client["error"] == "ConnectionResetError"}
    cells = residual(bench, "I")
    return Outcome(cells=cells, claims=claims, rows=cell_rows(cells), at="both ends' captures; 5-tuples in virtual time")


def delayed_drop(bench):
    """O26: how many packets still pass after the hello, either way."""
    stream = both(bulk("server", 400, chunk=20, every=0.03), bulk("client", 400, chunk=20, every=0.03))
    wanted = [session(f"stream {n}", [hello("II"), stream], seconds=4) for n in range(STREAMS)]
    results = bench.play(wanted, capture=True)
    counts = []
    for one in wanted:
        at_client, at_server = (of_session(bench, results[one["id"]], end) for end in ("client", "server"))
        hello_left = next(p[0].time for p in at_client if p[0].flow[3] == 443 and p[0].payload)
        down = [p for p in at_client if p[0].flow[1] == 443 and p[0].time > hello_left]
        up = [p for p in at_server if p[0].flow[3] == 443]
        behind = [i for i, p in enumerate(up) if p[0].payload][:1]
        counts.append(len(down) + (len(up) - behind[0] - 1 if behind else 0))
    cells = residual(bench, "II")
    return Outcome(counts, {"drawn anew for each connection": len(set(counts)) > 1}, cells, [["session", "packets"], *enumerate(counts)],
                   at="both ends' captures", free_parameters={"distribution": "uniform (nothing published)",
                                                              "what counts": "every packet, acknowledgements too (nothing published)"})


def crawling(bench):
    """O27: what comes through of an open-loop flood."""
    capture = virtual.Capture()
    wanted = session("SNI-III", [hello("III"), bulk("server", 400_000, rate=32_000, chunk=200)])
    virtual.talk_of(capture, wanted)
    rows = [(float(r["time_in"]) - virtual.BEGIN / 1e9, int(r["bytes"]), r["fate"]) for r in bench.fates(capture) if r["direction"] == "down"]
    span = [r for r in rows if r[0] > 20]
    rate = sum(size for _, size, fate in span if fate == "sent") / (span[-1][0] - span[0][0])
    return Outcome([rate], rows=[["time_s", "bytes", "fate"], *rows], at="box, IP bytes", window_s=20,
                   free_parameters={"bucket depth": "see the book"})


def hello_dropped(bench):
    """O28: nothing of the client's payload ever reaches the server."""
    result = bench.play([session("SNI-IV", [hello("IV"), send("server", hellos.noise(300))], seconds=6)], capture=True)["SNI-IV"]
    sent = [p[0].time / 1e9 for p in of_session(bench, result, "client") if p[0].flow[3] == 443 and p[0].payload]
    came = [p for p in of_session(bench, result, "server") if p[0].flow[3] == 443 and p[0].payload]
    waits = [b - a for a, b in zip(sent, sent[1:])]
    claims = {"no payload reached the server": not came, "the client sent its hello again and again": len(sent) >= 4,
              "waiting longer each time": all(b > 1.3 * a for a, b in zip(waits[1:], waits[2:]))}
    cells = residual(bench, "IV")
    return Outcome(cells=cells, claims=claims, rows=[["time_s"], *[[f"{t - sent[0]:.3f}"] for t in sent]], at="both ends' captures")


def blocked_address(bench):
    """O29: an address is dead on every port and to ping; its neighbour is not."""
    wanted = {(address, port): session(f"{address} port {port}", [send("client", b"hello")], server=address, port=port, seconds=4)
              for address in (sessions.BLOCKED, sessions.SERVER) for port in (443, 80, 7777)}
    results = bench.play(list(wanted.values()))
    cells = [Cell(one["id"], address == sessions.BLOCKED, not results[one["id"]].client["connected"]) for (address, _), one in wanted.items()]
    errors = {results[one["id"]].client["error"] for (address, _), one in wanted.items() if address == sessions.BLOCKED}
    for address in sessions.BLOCKED, sessions.SERVER:
        ping = bench.lab.run("client", "ping", "-c", "3", "-i", "0.2", "-W", "1", address)
        cells.append(Cell(f"{address} ping", address == sessions.BLOCKED, ping.returncode != 0, "ICMP: RFX, NK, READ-2nd"))
    return Outcome(cells=cells, claims={"no answer at all: neither RST nor ICMP": errors == {"TimeoutError"}}, rows=cell_rows(cells), at="client",
                   notes=", ".join(map(str, errors)))


def split_handshake(bench):
    """O30: a SYN of the server's before the trigger."""
    cells = []
    for label, expected in (("usual handshake", True), ("server answers SYN with SYN", False)):
        capture = virtual.Capture()
        one = session(label, [])
        talk = virtual.Talk(capture, one)
        talk.packet("client", "S")
        if not expected:
            talk.packet("server", "S")
            talk.packet("client", "SA")
        talk.packet("server", "SA" if expected else "A")
        talk.packet("client", "A")
        talk.step(hello("I"))
        talk.step(send("server", hellos.noise(90)))
        cells.append(Cell(label, expected, bench.acts_on(capture, one)))
    return Outcome(cells=cells, rows=cell_rows(cells), at="box")


REWRITTEN = Negative("dropped instead", [(r"reset *= *\{[^}]*\}", 'drop = { hold = "75s"; }')])
EXPERIMENTS = [
    Experiment("O25", "SNI-I: the server's packets become RST/ACK, rewritten, not injected", ["F1", "F1b", "G3"], BOOK,
               Published(**CELLS, source="X22 by way of RFX, NK", mark="READ-2nd"), rewritten, REWRITTEN),
    Experiment("O26", "SNI-II: five to eight more packets, then silence", ["F2", "F2b", "G3"], BOOK,
               Published(5, 8, "packets after the hello", "X22 §5.2 by way of RFX", "READ-2nd"), delayed_drop,
               Negative("twenty more packets", [(r"after_packets *= *\[[^\]]*\]", "after_packets = 20")])),
    Experiment("O27", "SNI-III: 600 to 700 bytes a second", ["F3"], BOOK,
               Published(600, 700, "B/s", "X22 by way of RFX", "READ-2nd"), crawling,
               Negative("twice the rate", [(r'"5200bit"', '"10400bit"')]), "virtual"),
    Experiment("O28", "SNI-IV: the hello never reaches the server", ["F4", "F4b", "G3"], BOOK,
               Published(**CELLS, source="X22 by way of RFX, NK", mark="READ-2nd"), hello_dropped,
               Negative("nothing is done to that name", [(r'"\.sni-4\.example"', '"nobody.example"')])),
    Experiment("O29", "A blocked address is dead on every port, and to ping", ["F6"], BOOK,
               Published(**CELLS, source="CP22", mark="READ"), blocked_address,
               Negative("another address", [(r'"198\.51\.100\.\d+(/32)?"', '"203.0.113.200"')])),
    Experiment("O30", "A SYN of the server's lets the connection go", ["G1", "G2"], BOOK, Published(**CELLS, source="CP22", mark="READ"),
               split_handshake, Negative("who spoke first opened it", [(r'split_handshake *= *"outside"', 'split_handshake = "first"')]), "virtual"),
]

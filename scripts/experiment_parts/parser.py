"""Theme C: how the box reads a hello, and for how long it looks (O14 to O18)."""

from . import drawings, hellos
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import bulk, inject, send, session
from .throttling import BOOK, HELLO, TRIGGER
from .triggers import CELLS, cell_rows

MOST_FURTHER, FLOWS_EACH = 24, 60
THROUGH_THE_BOX = 2  # a TTL that ends at the next router behind it
STREAM = Negative("hellos are put together from the stream", [(r'hello *= *"packet"', 'hello = "stream"')])


def byte_map(bench):
    """O14: each byte of the hello in turn with its bits turned over, in virtual time; and one byte of each field over real TCP."""
    wanted = [session(f"byte {i}", [send("client", hellos.inverted(HELLO.data, i, i + 1))]) for i in range(len(HELLO.data))]
    decided = bench.decided(wanted)
    escapes = [decided[s["id"]] is None for s in wanted]
    cells = [Cell(name, _expected(name), all(escapes[begin:end]) if name in hellos.REQUIRED else any(escapes[begin:end]))
             for name, begin, end in HELLO.fields]
    real, odd = bench.cells([(session(name, [send("client", hellos.inverted(HELLO.data, end - 1, end)), bulk("server")]), None, "")
                             for name, begin, end in HELLO.fields])
    unlike = [c.label for c, (_, _, end) in zip(real, HELLO.fields) if c.found == escapes[end - 1]]
    rows = [["byte", "field", "escapes"], *([i, HELLO.field_at(i), int(e)] for i, e in enumerate(escapes))]
    return Outcome(cells=cells, claims={"over real TCP the last byte of each field does the same": not unlike and not odd}, rows=rows,
                   notes="; ".join(odd + [f"unlike over real TCP: {name}" for name in unlike]), at="box")


def _expected(name):
    """Whether a field must be right (facts C2, C3); None where nothing is published of it."""
    if name in hellos.REQUIRED:
        return True
    return None if name in hellos.STRUCTURE else False


def no_reassembly(bench):
    """O15: cut in two at every byte, in virtual time; and over real TCP at some, padded beyond a segment, and in two records."""
    data = HELLO.data
    cuts = [session(f"cut {i}", [send("client", data[:i]), send("client", data[i:])]) for i in range(1, len(data))]
    decided = bench.decided(cuts)
    triggered = [s["id"] for s in cuts if decided[s["id"]] is not None]
    name = data.index(TRIGGER.encode())
    asked = [(session("whole", [send("client", data), bulk("server")]), True, "B1")]
    asked += [(session(f"cut behind byte {at}", [send("client", data[:at]), send("client", data[at:]), bulk("server")]), False, "C5")
              for at in (1, 5, 40, name, name + 4, len(data) - 1)]
    long_one = hellos.client_hello(TRIGGER, padded_to=2000).data
    asked += [(session("padded to 2,000 bytes", [send("client", long_one), bulk("server")]), False, "C5"),
              (session("two records in one segment", [send("client", hellos.records(data[hellos.RECORD:], 60)), bulk("server")]), False, "C5")]
    cells, odd = bench.cells(asked)
    return Outcome(cells=cells, claims={f"none of {len(cuts)} cuts sets it off in virtual time": not triggered,
                                        "every session was clearly slow or clearly fast": not odd}, rows=cell_rows(cells),
                   notes="; ".join(odd + triggered[:5]), at="receiving program")


def records_before(bench):
    """O16."""
    spec, data = hellos.change_cipher_spec(), HELLO.data
    cells, odd = bench.cells([
        (session("CCS and hello in one segment", [send("client", spec + data), bulk("server")]), False, "C6"),
        (session("CCS, then hello", [send("client", spec), send("client", data), bulk("server")]), True, "C7"),
        (session("a fake hello first", [send("client", hellos.client_hello("example.com").data), send("client", data), bulk("server")]),
         True, "C11")])
    return Outcome(cells=cells, claims={"every session was clearly slow or clearly fast": not odd}, rows=cell_rows(cells),
                   notes="; ".join(odd), at="receiving program")


def strange_first(bench):
    """O17: noise of every length first, in virtual time; and some over real TCP, one with a TTL that ends behind the box."""
    sizes = range(1, 1401)
    wanted = [session(f"{n}", [send("client", hellos.noise(n)), send("client", HELLO.data)]) for n in sizes]
    decided = bench.decided(wanted)
    right = [(decided[f"{n}"] is not None) == (n < 100) for n in sizes if n != 100]
    asked = [(session(f"{n} bytes first", [send("client", hellos.noise(n)), send("client", HELLO.data), bulk("server")]),
              None if n == 100 else n < 100, "C8") for n in (1, 50, 99, 100, 101, 300, 1400)]
    asked.append((session("300 bytes that die behind the box", [inject("client", "PA", THROUGH_THE_BOX, hellos.noise(300)),
                                                                send("client", HELLO.data), bulk("server")]), False, "C12"))
    cells, odd = bench.cells(asked)
    return Outcome(cells=cells, claims={"all lengths from 1 to 1,400 in virtual time: throttled below 100, not above": all(right),
                                        "every session was clearly slow or clearly fast": not odd}, rows=cell_rows(cells),
                   notes="; ".join(odd), at="receiving program",
                   free_parameters={"exactly 100 bytes": "looked past (unknown_max)"})


def window(bench):
    """O18: the hello behind k packets that are known: how many are looked at, of many connections."""
    first = {"TLS record": hellos.application_data(80), "noise": hellos.noise(60), "CONNECT": hellos.connect("proxied.example")[0]}
    rows, lows, highs = [["first_packet", "further_packets", "share_triggered"]], [], []
    for kind, packet in first.items():
        wanted = [session(f"{kind} {k} {n}", [send("client", packet), *[send("client", hellos.application_data(80))] * (k - 1),
                                              send("client", HELLO.data)]) for k in range(1, MOST_FURTHER + 1) for n in range(FLOWS_EACH)]
        decided = bench.decided(wanted)
        shares = [sum(decided[f"{kind} {k} {n}"] is not None for n in range(FLOWS_EACH)) / FLOWS_EACH for k in range(1, MOST_FURTHER + 1)]
        rows += [[kind, k, f"{part:.3f}"] for k, part in enumerate(shares, 1)]
        lows.append(max([k for k, part in enumerate(shares, 1) if all(s == 1 for s in shares[:k])], default=0))
        highs.append(max([k for k, part in enumerate(shares, 1) if part > 0], default=0))
    return Outcome([*lows, *highs], rows=rows, at="box", free_parameters={
        "what counts": "packets with payload, both directions (nothing published)", "distribution": "uniform (nothing published)"})


EXPERIMENTS = [
    Experiment("O14", "Which bytes of the hello must be right", ["C1", "C2", "C3", "C4"], BOOK,
               Published(**CELLS, source="X21 §6.2; CP21", mark="READ"), byte_map, STREAM, figure=drawings.byte_map),
    Experiment("O15", "Nothing is put together from several packets or records", ["C5"], BOOK,
               Published(**CELLS, source="X21 §6.2, §7; CP21", mark="READ"), no_reassembly, STREAM),
    Experiment("O16", "A record before the hello hides it in the same packet, not in an earlier one", ["C6", "C7", "C11"], BOOK,
               Published(**CELLS, source="CP21; X21 §7", mark="READ"), records_before, STREAM),
    Experiment("O17", "A strange first packet of more than 100 bytes ends looking", ["C8", "C8b", "C12"], BOOK,
               Published(**CELLS, source="X21 §6.2, §7; CP21", mark="READ"), strange_first,
               Negative("strange packets of any size are looked past", [(r'unknown_max *= *"100B"', 'unknown_max = "9000B"')])),
    Experiment("O18", "How many further packets are looked at", ["C9"], BOOK,
               Published(3, 15, "further packets", "X21 §6.2", "READ"), window,
               Negative("a longer window", [(r"max_packets *= *\[[^\]]*\]", "max_packets = 40")]), "virtual", figure=drawings.cut_offs),
    Experiment("O18b", "How many further packets, by the earlier report", ["C9b"], "twitter-2021-04-02-window-15-20",
               Published(15, 20, "further packets", "CP21", "READ"), window,
               Negative("a longer window", [(r"max_packets *= *\[[^\]]*\]", "max_packets = 40")]), "virtual"),
]

"""Themes D and E: what is remembered for how long, where the box stands, whom it covers (O20 to O24, O31)."""

import ipaddress

from . import blocking, drawings, hellos, virtual
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import SLOW, bulk, inject, pause, send, session
from .throttling import BOOK, HELLO, OFF
from .triggers import CELLS, cell_rows, cells_outcome

MINUTE = 60
PLACES, BEYOND = (1, 2, 4), 4  # routers before the box; rungs of the ladder beyond them
HOSTS = 4000
SILENCES = 30, 60, 90, 105, 120, 300, 480, 600, 900  # s
BEGINNINGS = {"SYN": [("client", "S")], "SYN and SYN/ACK": [("client", "S"), ("server", "SA")],
              "whole handshake": [("client", "S"), ("server", "SA"), ("client", "A")], "no packet at all": []}
APART = 0.3  # seconds between packets that ends send past the kernel, which do not wait for each other


def forgotten(bench):
    """O20: trigger, say nothing for some minutes, go on: in virtual time."""
    wanted = [session(f"{m} min", [send("client", HELLO.data), send("server", hellos.noise(90)), pause("client", m * MINUTE),
                                   send("server", hellos.noise(1200)), send("client", hellos.noise(90))]) for m in range(1, 31)]
    decided = bench.decided(wanted)
    cells = [Cell(f"{m} min", None if 9 < m < 11 else m < 10, decided[f"{m} min"] is not None) for m in range(1, 31)]
    return Outcome(cells=cells, rows=cell_rows(cells), at="box",
                   free_parameters={"idle": "600 s exactly (published as about 10 min, not precise)"})


def remembered(bench):
    """O21: trigger, then two hours below the rate; then more than the rate."""
    trickle = [step for _ in range(2 * 60 * 2) for step in (pause("server", 30), send("server", hellos.noise(1000)))]
    wanted = [session("2 h below the rate", [send("client", HELLO.data), *trickle, bulk("server")])]
    capture = virtual.Capture()
    virtual.talk_of(capture, wanted[0])
    records = bench.replay(capture)
    lost = records[-1]["down"]["dropped_packets"]
    cells = [Cell("throttled after 2 h", True, len(records) == 1 and lost > 0)]
    return Outcome(cells=cells, rows=[["records", "packets_dropped_afterwards"], [len(records), lost]], at="box")


def closing(bench):
    """O22: FIN and RST of either end, which die behind the box, clear nothing; nor do two FINs that are acknowledged."""
    asked = []
    for by in "client", "server":
        for flags in "FA", "RA":
            asked.append((session(f"{flags} from the {by}", [send("client", HELLO.data), send("server", hellos.noise(300)),
                                                             inject(by, flags, 2), bulk("server")]), True, "D3"))
    closed = [inject("client", "FA", 2), pause("server", APART), inject("server", "FA", 2, ahead=1), pause("client", 2 * APART),
              inject("client", "A", 2, ahead=1), pause("server", 2 * APART)]
    asked.append((session("FA from both, acknowledged", [send("client", HELLO.data), send("server", hellos.noise(300)), *closed,
                                                         bulk("server")]), True, "D3"))
    return cells_outcome(bench, asked)


def ladder(bench, most):
    """{ttl: throttled} of connections whose hello lives for so many hops, 1 to `most`."""
    wanted = [session(f"TTL {ttl}", [inject("client", "PA", ttl, HELLO.data, spoiled=True), send("client", hellos.noise(90)),
                                     bulk("server")]) for ttl in range(1, most + 1)]
    results = bench.play(wanted)
    return {ttl: results[f"TTL {ttl}"].goodput() < SLOW for ttl in range(1, most + 1)}


def place(bench):
    """O23: a hello that lives for so many hops: from which one on does it count? With the box behind one router, two and four."""
    found = {}
    for hops in PLACES:
        with bench.box_behind(hops):
            found[hops] = ladder(bench, hops + BEYOND)
    first = {hops: min((ttl for ttl, so in slow.items() if so), default=None) for hops, slow in found.items()}
    rising = all(first[hops] and so == (ttl >= first[hops]) for hops, slow in found.items() for ttl, so in slow.items())
    return Outcome([ttl - 1 if ttl else None for ttl in first.values()],
                   {"without effect below, with effect from there on": rising,
                    "the box is found where it stands": all(ttl == hops + 1 for hops, ttl in first.items())},
                   cells=[Cell(f"behind {hops}: TTL {ttl}", None, so) for hops, slow in found.items() for ttl, so in slow.items()],
                   rows=[["hops_before_box", "ttl", "slow"], *([h, t, int(s)] for h, slow in found.items() for t, s in slow.items())],
                   at="receiving program",
                   notes="each a lab of its own; the server throws these hellos away by their checksum where they reach it")


def shares(bench):
    """O24: lines of which a part is covered: many hosts, each asked twice."""
    wanted = [session(f"{n} {again}", [send("client", HELLO.data)], local=30000 + again, client=str(ipaddress.ip_address("10.0.0.1") + n))
              for n in range(HOSTS) for again in range(2)]
    capture = virtual.Capture()
    for number, one in enumerate(wanted):
        virtual.talk_of(capture, one, virtual.BEGIN + number * 10**5)
    records = bench.replay(capture, inside="10.0.0.0/8")
    by_host = {}
    for record in records:
        by_host.setdefault(record["client"], set()).add(record["class"] != "pass")
    covered = sum(True in seen for seen in by_host.values()) / len(by_host)
    return Outcome([covered], {"a host has one verdict, always": all(len(seen) == 1 for seen in by_host.values())},
                   rows=[["hosts", "share_slow"], [len(by_host), covered]], at="box",
                   free_parameters={"how lines are chosen": "by a hash of the subscriber's address (E11's cause is suspected only)"})


def half_open(bench):
    """O31: how long a connection that got so far is remembered: a trigger after so much silence, in virtual time. Nothing is
    asserted: figures are known from memory alone (fact G4)."""
    found, rows = [], [["begins_with", "silence_s", "acts"]]
    for begins, packets in BEGINNINGS.items():
        acts = {}
        for wait in SILENCES:
            capture, one = virtual.Capture(), session(f"{begins}, {wait} s", [])
            talk = virtual.Talk(capture, one)
            for by, flags in packets:
                talk.packet(by, flags)
            talk.time += wait * virtual.SECOND
            talk.step(send("client", hellos.client_hello(blocking.NAMES["I"]).data))
            talk.step(send("server", hellos.noise(90)))
            acts[wait] = bench.acts_on(capture, one)
            rows.append([begins, wait, int(acts[wait])])
        found.append(max((wait for wait, so in acts.items() if so), default=0))
    return Outcome(found, rows=rows, at="box", notes="; ".join(f"{b}: up to {s} s" for b, s in zip(BEGINNINGS, found)) +
                   f" of {SILENCES[-1]} s that were tried; any TCP packet begins a session (G5), so a trigger needs no connection before it")


EXPERIMENTS = [
    Experiment("O20", "An idle connection is forgotten after about ten minutes", ["D1", "D4"], BOOK,
               Published(**CELLS, source="X21 §6.6; CP21", mark="READ"), forgotten,
               Negative("nothing is forgotten within 2 h", [(r'(?<![a-z_])idle *= *"600s"', 'idle = "7200s"')]), "virtual"),
    Experiment("O21", "An active one is remembered for two hours", ["D2"], BOOK,
               Published(**CELLS, source="X21 §6.6; CP21", mark="READ"), remembered,
               Negative("idle after 20 s", [(r'(?<![a-z_])idle *= *"600s"', 'idle = "20s"')]), "virtual"),
    Experiment("O22", "FIN and RST clear nothing", ["D3"], BOOK, Published(**CELLS, source="X21 §6.6; CP21", mark="READ"), closing,
               Negative("closing ends a flow", [(r"forget_on_close *= *false", "forget_on_close = true")])),
    Experiment("O23", "The box stands within the first five hops", ["E1"], BOOK, Published(1, 5, "hops before the box", "X21 §6.4; CP21", "READ"),
               place, OFF, figure=drawings.ladder),
    Experiment("O24", "A share of a network's connections, the same ones always", ["E7", "E8", "E11", "K3"], "twitter-2021-03-10-fixed",
               Published(0.46, 0.54, "share of subscribers", "regulator (50 % of fixed lines), via X21 §4", "READ"), shares,
               Negative("all of them", [(r"part *= *0\.5", "part = 1.0")]), "virtual"),
    Experiment("O31", "How long half a handshake is remembered", ["G4", "G5"], blocking.BOOK,
               Published(None, None, "s of silence, and the trigger acts", "X22, from memory", "RECALLED"), half_open, blocking.REWRITTEN,
               "virtual"),
]

"""Themes H and I: fragments and QUIC, as published of 2022 (O32 to O34)."""

import os
import struct
import sys

from lab_parts import figures, topology

from . import hellos, virtual
from .blocking import BOOK
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import next_local
from .triggers import CELLS, cell_rows

MORE = 0x2000
HOLD = 420  # s, of QUIC (fact G3)
PIECE = 16  # bytes of each fragment
ECHO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "split_echo.py")


def trains(bench):
    """O32: n fragments, the last one sent late: when do they leave, with what TTL, and how many are too many?"""
    capture, begin = virtual.Capture(), virtual.BEGIN
    counts = range(2, 65)
    for n in counts:
        time = begin + n * 10 * virtual.SECOND
        datagram = struct.pack(">HHHH", 40000 + n, 9, 0, 0) + bytes(PIECE * n - 8)
        for i in range(n):
            late = virtual.SECOND if i == n - 1 else i * 10**5
            more = 0 if i == n - 1 else MORE
            capture.ip(time + late, topology.CLIENT, topology.SERVER, 17, datagram[i * PIECE:(i + 1) * PIECE], ttl=60 - i % 20,
                       fragment=more | i * PIECE // 8, number=n)
    out = bench.path("left.pcapng")
    bench.replay(capture, "--write", out)
    left = {}
    for frame in figures.capture_files.read(out):
        left.setdefault(int.from_bytes(frame.data[18:20], "big"), []).append((frame.time, frame.data[22]))
    cells = []
    for n in counts:
        frames = left.get(n, [])
        whole = begin + n * 10 * virtual.SECOND + virtual.SECOND
        cells.append(Cell(f"{n} fragments leave, when complete and not merged", n <= 45,
                          len(frames) == n and all(time >= whole for time, _ in frames)))
        if n <= 45:
            cells.append(Cell(f"{n} fragments leave with the first one's TTL", True, bool(frames) and {ttl for _, ttl in frames} == {60}))
    return Outcome(cells=cells, rows=cell_rows(cells), at="box")


def trace(bench):
    """O33: an echo in two fragments, the second with a TTL that ends behind the box: it is answered only if the box copied
    the first one's."""
    bench.box()
    cells = []
    for ttl, expected in (1, False), (2, True), (3, True), (64, True):
        said = bench.lab.do("client", sys.executable, ECHO, topology.CLIENT, topology.SERVER, str(ttl))
        cells.append(Cell(f"second fragment with TTL {ttl}: answered", expected, said.strip() == "1"))
    return Outcome(cells=cells, rows=cell_rows(cells), at="client")


def initial(version, size):
    """A datagram that looks like a client's Initial; what is sealed in it is noise."""
    head = b"\xc3" + struct.pack(">I", version) + b"\x08" + bytes(range(8)) + b"\x08" + bytes(range(8, 16)) + b"\0"
    left = size - len(head) - 2
    return head + struct.pack(">H", 0x4000 | left) + hellos.noise(left)


def quic_versions(bench):
    """O34: version, size and port that are dropped."""
    asked = [("v1, 1,001 bytes", 1, 1001, 443, True), ("v1, 1,000 bytes", 1, 1000, 443, False), ("v1, 1,200 bytes", 1, 1200, 443, True),
             ("v2", 0x6B3343CF, 1200, 443, None), ("draft-29", 0xFF00001D, 1200, 443, None), ("made up", 0x1A2A3A4A, 1200, 443, None),
             ("v1, port 8443", 1, 1200, 8443, False)]
    capture, ports = virtual.Capture(), {}
    for label, version, size, port, _ in asked:
        ports[label] = next_local()
        for n in range(3):
            capture.udp(virtual.BEGIN + len(ports) * 10**6 + n * 10**8, topology.CLIENT, topology.SERVER, (ports[label], port),
                        initial(version, size))
    done = virtual.treated(bench.replay(capture))
    cells = [Cell(label, expected, done.get(ports[label]) is not None) for label, _, _, _, expected in asked] + held(bench)
    return Outcome(cells=cells, rows=cell_rows(cells), at="box")


def held(bench):
    """Cells: a datagram that nothing is done to, on the same ports shortly before and after the hold (fact G3) ends."""
    cells = []
    for wait in HOLD - 5, HOLD + 5:
        capture, ports = virtual.Capture(), (next_local(), 443)
        capture.udp(virtual.BEGIN, topology.CLIENT, topology.SERVER, ports, initial(1, 1200))
        capture.udp(virtual.BEGIN + wait * virtual.SECOND, topology.CLIENT, topology.SERVER, ports, initial(1, 600))
        cells.append(Cell(f"v1, same ports {wait} s later", wait < HOLD, bench.fates(capture)[-1]["fate"] != "sent"))
    return cells


FOLLOW = Negative("fragments are not kept", [(r"fragments *= *\{[^}]*\}", 'fragments = "follow"')])
EXPERIMENTS = [
    Experiment("O32", "Fragments wait for the last one; 45 at most; the first one's TTL", ["H1", "H2", "H3"], BOOK,
               Published(**CELLS, source="CP22", mark="READ"), trains, FOLLOW, "virtual"),
    Experiment("O33", "The copied TTL shows where the box stands", ["H2", "H5"], BOOK, Published(**CELLS, source="CP22", mark="READ"),
               trace, FOLLOW),
    Experiment("O34", "QUIC version 1 from 1,001 bytes on, to port 443", ["I1", "I2", "G3"], BOOK,
               Published(**CELLS, source="NK §2", mark="READ-2nd"), quic_versions,
               Negative("of any size", [(r' *payload_size *= *"1001-" *;', "")]), "virtual"),
]

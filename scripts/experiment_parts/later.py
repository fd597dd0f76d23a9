"""Themes J and K: what came after 2022, and the vendor's own knob (O35, O36, O38). O37's connection counter is not
modelled."""

import json
import subprocess
import sys
import time

from lab_parts import boxes, ground, servers

from . import hellos, virtual
from .blocking import of_session
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import SLOW, bulk, send, session
from .throttling import OFF
from .triggers import CELLS, cell_rows, cells_outcome

FROZEN = hellos.client_hello("freeze.example").data
ANSWER = hellos.application_data(900)
STEP, FILE = 4096, "small.bin"
COUNTED = 25  # packets, both ways together (fact J2d)
CAPACITIES, NEAR = (10, 5, 2), 0.02  # settings of the knob; what chance may do to a share of some thousand packets


def by_name_anywhere(bench):
    """O35: the name decides, not the server, over TLS and over QUIC (a real client and server of it)."""
    outcome = cells_outcome(bench, [
        (session(name, [send("client", hellos.client_hello(name).data), bulk("server", 200_000)]), expected, "J1")
        for name, expected in (("rr1---sn-abc.googlevideo.com", True), ("manifest.googlevideo.com", True), ("www.example.com", False))])
    for name, expected in ("manifest.googlevideo.com", True), ("www.example.com", False):
        speed = over_quic(bench, name)
        outcome.cells.append(Cell(f"{name} over QUIC", expected, speed < SLOW, "J1", round(speed / 1e3, 1)))
    outcome.rows = cell_rows(outcome.cells)
    return outcome


def over_quic(bench, name):
    """Payload bits a second of a download over HTTP/3."""
    begin = time.monotonic()
    said = bench.lab.run("client", "gtlsclient", "-q", "--exit-on-all-streams-close", name, "443", f"https://{name}/{FILE}", seconds=60)
    if said.returncode != 0:
        raise ground.LabError(f"gtlsclient: {said.stderr.strip()[-300:]}")
    return servers.FILES[FILE] * 8 / (time.monotonic() - begin)


def frozen(bench):
    """The three probes of O36: payload that came of each, packets that crossed, and whether a reset was seen."""
    hello, answer = send("client", FROZEN), send("server", ANSWER)
    wanted = [session("A: bytes in 4 KiB steps", [hello, answer, bulk("server", 16 * STEP, chunk=STEP, every=0.2)], seconds=12),
              session("B: 64 bytes in 2-byte packets", [hello, answer, bulk("client", 64, chunk=2, every=0.05), bulk("server", 300)], seconds=12),
              session("C: 64 bytes at once", [hello, answer, bulk("client", 64), bulk("server", 300)], seconds=12)]
    results = bench.play(wanted, capture=True)
    came = {name: sum(note["bytes"] for _, note in r.arrived()[2:]) for name, r in results.items()}
    packets = {name: sum(p.flow[to] == port for end, to, port in (("client", 1, r.session["port"]), ("server", 3, r.session["port"]))
                         for p, _ in of_session(bench, r, end)) for name, r in results.items()}
    whole = {name: r.whole() for name, r in results.items()}
    reset = any("Reset" in str(end["error"]) for r in results.values() for end in (r.client, r.server))
    rows = [["probe", "payload_that_came", "packets_that_crossed", "whole"],
            *([name, came[name], packets[name], int(whole[name])] for name in came)]
    return came, packets, whole, reset, rows


def frozen_by_bytes(bench):
    """O36, the byte counter."""
    came, _, whole, reset, rows = frozen(bench)
    a, b, c = came
    return Outcome([(came[a] + len(ANSWER)) / 1000], {"B passes": whole[b], "C passes": whole[c], "A does not": not whole[a], "no reset": not reset},
                   rows=rows, at="client's program, payload", notes=json.dumps(came))


def frozen_by_packets(bench):
    """O36, the packet counter."""
    came, packets, whole, reset, rows = frozen(bench)
    a, b, c = came
    return Outcome(cells=[Cell("A freezes", True, not whole[a]), Cell("B freezes", True, not whole[b]), Cell("C freezes", False, not whole[c])],
                   claims={"no reset": not reset, f"of A and B {COUNTED} packets crossed, both ways together":
                           packets[a] == packets[b] == COUNTED}, rows=rows, at="programs", notes=json.dumps({"payload": came, "packets": packets}))


def chance_losses(bench):
    """O38: the loss does not depend on the rate, is what each setting says, and is not called policed by our detector, which
    sees both sides of the box. Open loop: hardly any TCP survives such losses, and a policer's would show all the same."""
    capture, lost, rows = virtual.Capture(), {}, [["sender", "packets", "share_lost"]]
    wanted = [session(f"capacity {c}, {rate // 1000} kbit/s", [send("client", hellos.client_hello(f"capacity-{c}.example").data),
                                                               send("server", ANSWER), bulk("server", 6_000_000, rate=rate)])
              for c in CAPACITIES for rate in (100_000, 1_000_000)]
    for one in wanted:
        virtual.talk_of(capture, one)
    sent, left = bench.path("virtual/capture.pcapng"), bench.path("virtual/left.pcapng")
    records = bench.replay(capture, "--write", left)
    for one in wanted:
        down = next(r["down"] for r in records if r["client_port"] == one["local"])
        lost[one["id"]] = down["dropped_packets"] / down["packets"]
        rows.append([one["id"], down["packets"], f"{lost[one['id']]:.4f}"])
    said = subprocess.run([sys.executable, f"{boxes.TOP}/scripts/detect-policing", "--sent", sent, "--received", left], capture_output=True,
                          text=True, check=True)
    verdict = json.loads(said.stdout.splitlines()[-1])["verdict"]
    ten, *others = ([share for name, share in lost.items() if name.startswith(f"capacity {c},")] for c in CAPACITIES)
    right = {f"capacity {c}: {1 - c / 100:.0%} are lost at either rate": all(abs(share - (1 - c / 100)) < NEAR for share in shares)
             for c, shares in zip(CAPACITIES[1:], others)}
    return Outcome(ten, {"the detector does not say policed": verdict != "policed"} | right, rows=rows, at="box", notes=f"verdict {verdict}")


EXPERIMENTS = [
    Experiment("O35", "The name decides, to whichever server", ["J1"], "youtube-2024", Published(**CELLS, source="N382", mark="READ-excerpt"),
               by_name_anywhere, OFF),
    Experiment("O36a", "The 16 KB freeze, counted in bytes", ["J2", "J2c"], "freeze-2025-bytes",
               Published(15, 20.5, "kB that came", "N490 (\"about 15–20 KB\"; a packet more)", "READ-excerpt"), frozen_by_bytes,
               Negative("a budget of 1 MB", [(r'bytes *= *"[^"]*"', 'bytes = "1MB"')])),
    Experiment("O36b", "The freeze, counted in packets", ["J2d"], "freeze-2025-packets", Published(**CELLS, source="DPICH", mark="READ"),
               frozen_by_packets, Negative("a budget of 1,000 packets", [(r"packets *= *25", "packets = 1000")])),
    Experiment("O38", "The vendor's knob: losses by chance, at any rate", ["K4"], "capacity-2021",
               Published(0.88, 0.92, "share lost", "TD ch. 17.3 (1 - c/100, c = 10)", "READ"), chance_losses,
               Negative("a policer instead", [(r"lose *= *\{ *share *= *0\.90; *\}", 'police = { rate = "140kbit"; burst = "16KiB"; scope = "flow"; }')]),
               "virtual"),
]

"""Themes J and K: what came after 2022, and the vendor's own knob (O35, O36, O38). O37's connection counter is not modelled."""

import json
import subprocess
import sys

from lab_parts import boxes

from . import hellos, virtual
from .model import Cell, Experiment, Negative, Outcome, Published
from .sessions import bulk, send, session
from .throttling import OFF, crossing
from .triggers import CELLS, cells_outcome

FROZEN = hellos.client_hello("freeze.example").data
ANSWER = hellos.application_data(900)
STEP = 4096


def by_name_anywhere(bench):
    """O35: the name decides, not the server."""
    return cells_outcome(bench, [
        (session(name, [send("client", hellos.client_hello(name).data), bulk("server", 200_000)]), expected, "J1")
        for name, expected in (("rr1---sn-abc.googlevideo.com", True), ("manifest.googlevideo.com", True), ("www.example.com", False))])


def frozen(bench):
    """The three probes of O36: payload that came of each, packets that crossed, and whether a reset was seen."""
    hello, answer = send("client", FROZEN), send("server", ANSWER)
    wanted = [session("A: bytes in 4 KiB steps", [hello, answer, bulk("server", 16 * STEP, chunk=STEP, every=0.2)], seconds=12),
              session("B: 64 bytes in 2-byte packets", [hello, answer, bulk("client", 64, chunk=2, every=0.05), bulk("server", 300)], seconds=12),
              session("C: 64 bytes at once", [hello, answer, bulk("client", 64), bulk("server", 300)], seconds=12)]
    results = bench.play(wanted, capture=True)
    came = {name: sum(note["bytes"] for _, note in r.arrived()[2:]) for name, r in results.items()}
    packets = {}
    for name, result in results.items():
        pairs = crossing(bench, result, "down") + crossing(bench, result, "up")
        packets[name] = sum(held is not None for _, held in pairs)
    whole = {name: r.whole() for name, r in results.items()}
    reset = any("Reset" in str(end["error"]) for r in results.values() for end in (r.client, r.server))
    rows = [["probe", "payload_that_came", "packets_with_payload_that_crossed", "whole"],
            *([name, came[name], packets[name], int(whole[name])] for name in came)]
    return came, whole, reset, rows


def frozen_by_bytes(bench):
    """O36, the byte counter."""
    came, whole, reset, rows = frozen(bench)
    a, b, c = came
    return Outcome([(came[a] + len(ANSWER)) / 1000], {"B passes": whole[b], "C passes": whole[c], "A does not": not whole[a], "no reset": not reset},
                   rows=rows, at="client's program, payload", notes=json.dumps(came))


def frozen_by_packets(bench):
    """O36, the packet counter."""
    came, whole, reset, rows = frozen(bench)
    a, b, c = came
    return Outcome(cells=[Cell("A freezes", True, not whole[a]), Cell("B freezes", True, not whole[b]), Cell("C freezes", False, not whole[c])],
                   claims={"no reset": not reset}, rows=rows, at="programs", notes=json.dumps(came))


def chance_losses(bench):
    """O38: the loss does not depend on the rate, and the published detector does not call it policed. Open loop: hardly any
    TCP survives such losses, and a policer's would show all the same."""
    name = hellos.client_hello("capacity-10.example").data
    capture, lost, rows = virtual.Capture(), [], [["sender", "packets", "share_lost"]]
    wanted = [session(f"{rate // 1000} kbit/s", [send("client", name), send("server", ANSWER), bulk("server", 1_500_000, rate=rate)])
              for rate in (100_000, 1_000_000)]
    for one in wanted:
        virtual.talk_of(capture, one)
    sent, left = bench.path("virtual/capture.pcapng"), bench.path("virtual/left.pcapng")
    records = virtual.replay(capture, bench.book, bench.path("virtual"), "--write", left, seed=bench.seed)
    for one in wanted:
        down = next(r["down"] for r in records if r["client_port"] == one["local"])
        lost.append(down["dropped_packets"] / down["packets"])
        rows.append([one["id"], down["packets"], f"{lost[-1]:.4f}"])
    said = subprocess.run([sys.executable, f"{boxes.TOP}/scripts/detect-policing", "--sent", sent, "--received", left], capture_output=True,
                          text=True, check=True)
    verdict = json.loads(said.stdout.splitlines()[-1])["verdict"]
    return Outcome(lost, {"the detector does not say policed": verdict != "policed"}, rows=rows, at="box", notes=f"verdict {verdict}")


EXPERIMENTS = [
    Experiment("O35", "The name decides, to whichever server", ["J1"], "youtube-2024", Published(**CELLS, source="N382", mark="READ-excerpt"),
               by_name_anywhere, OFF),
    Experiment("O36a", "The 16 KB freeze, counted in bytes", ["J2", "J2c"], "freeze-2025-bytes",
               Published(15, 20.5, "kB that came", "N490", "READ-excerpt"), frozen_by_bytes,
               Negative("a budget of 1 MB", [(r'bytes *= *"[^"]*"', 'bytes = "1MB"')])),
    Experiment("O36b", "The freeze, counted in packets", ["J2d"], "freeze-2025-packets", Published(**CELLS, source="DPICH", mark="READ"),
               frozen_by_packets, Negative("a budget of 1,000 packets", [(r"packets *= *25", "packets = 1000")])),
    Experiment("O38", "The vendor's knob: losses by chance, at any rate", ["K4"], "capacity-2021",
               Published(0.88, 0.92, "share lost", "TD ch. 17.3 (1 - c/100, c = 10)", "READ"), chance_losses,
               Negative("a policer instead", [(r"lose *= *\{ *share *= *0\.90; *\}", 'police = { rate = "140kbit"; burst = "16KiB"; scope = "flow"; }')]),
               "virtual"),
]

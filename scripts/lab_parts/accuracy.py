"""Accuracy: what a TCP connection gets of a configured rate, for slowlane's police and shape beside nft's limit, tbf and
htb on the same bench.

One sender and one receiver, the congestion control asked for and checked on the sending socket. Goodput is payload at
the receiver from 5 s after its first byte on, so that a full bucket's burst is over; it is given as a share of what the
rate allows to full segments. Rates up to 10 Mbit/s run at once, each connection under a limit of its own; faster ones
run one after another. The round-trip time of 40 ms is made by a delay line behind the box, a second slowlane."""

import glob
import json
import os
import platform
import subprocess
import sys
import time

from . import bench, boxes, figures, ground, limits, servers, topology, watch

RATES = (64_000, 140_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
BURSTS = (1536, 6000, 16 * 1024, 64 * 1024, 256 * 1024)
CONTROLS = ("cubic", "bbr")
RTTS = (0, 40)
SLOW = 10_000_000  # up to here, all at once
SETTLED, LAST = 5.0, 0.5  # seconds left out at the beginning and at the end
FIRST_PORT = 20000
BULK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bulk.py")


def cells_of(kind, rates, bursts, controls):
    """The table's cells for one kind of limit, each with a client port of its own."""
    combinations = [(rate, burst, control) for rate in rates for burst in bursts for control in controls]
    return [limits.Cell(FIRST_PORT + i, *c, kind) for i, c in enumerate(combinations)]


def bursts_for(kind, bursts):
    """Shapers are shown with a small burst and a large one."""
    return bursts if kind in limits.POLICERS else [b for b in bursts if b in (16 * 1024, 256 * 1024)] or bursts[:1]


def watched(lab, cells, seconds):
    """Slow downloads, all at once. What a program reads comes in lumps, where losses are repaired after seconds; so the
    payload is counted where it leaves the cable, when it comes for the first time."""
    with watch.captures(lab, lab.folder, {"client": "wire"}, "src port %d" % servers.BULK_PORT, 96) as files:
        found = transfer(lab, cells, seconds)
    arrived = {d.flow[3]: d for d in figures.directions(files["client"], servers.BULK_PORT)["down"]}
    for cell, result in zip(cells, found):
        steps = arrived[cell.port].steps()
        begin, span = steps[0][0] + SETTLED, seconds - SETTLED - LAST
        result["goodput_bps"] = sum(size for time, size in steps if begin <= time < begin + span) * 8 / span
        result["share"] = result["goodput_bps"] / cell.ideal()
    return found


def transfer(lab, cells, seconds):
    """Runs one download under each cell's limit, all at once; returns what each got."""
    for old in glob.glob(lab.path("bulk-*.json")):
        os.remove(old)
    running = [subprocess.Popen(lab.at("client") + [sys.executable, BULK, "get", topology.SERVER, str(servers.BULK_PORT),
                                                    str(seconds), cell.control, str(cell.port)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for cell in cells]
    found = []
    for cell, process in zip(cells, running):
        out, wrong = process.communicate(timeout=seconds + 60)
        if process.returncode != 0:
            raise ground.LabError(f"a download did not run: {wrong.strip()[-300:]}")
        found.append(_result(lab, cell, json.loads(out)["tenths"], seconds))
    return found


def _result(lab, cell, tenths, seconds):
    told = sender(lab, cell.port)
    if told["cc"] != cell.control:
        raise ground.LabError(f"congestion control {cell.control} did not take effect: {told['cc']} was used")
    span = seconds - SETTLED - LAST
    goodput = sum(tenths[int(SETTLED * 10):int((seconds - LAST) * 10)]) * 8 / span
    return {"kind": cell.kind, "rate": cell.rate, "burst": cell.burst, "cc": cell.control, "goodput_bps": goodput,
            "share": goodput / cell.ideal(), "retransmitted": told["retransmitted"] / max(told["segments"], 1), "rtt_ms": told["rtt_ms"]}


def sender(lab, port):
    """What the sending socket told at its end."""
    path, told = lab.path(f"bulk-{port}.json"), {}

    def written():
        try:
            with open(path, encoding="utf-8") as file:
                told.update(json.load(file))
        except (OSError, ValueError):
            return False
        return True
    ground.wait_for(written, 20, f"the sender to port {port} did not end")
    return told


def measure(lab, kind, cells, slow_seconds, fast_seconds, port_kind="af_packet"):
    """All cells of one kind: the slow ones together, then one after another."""
    limits.install(lab, kind, cells, port_kind)
    try:
        slow = [cell for cell in cells if cell.rate <= SLOW]
        found = watched(lab, slow, slow_seconds) if slow else []
        for cell in cells:
            if cell not in slow:
                time.sleep(0.3)
                watch.quiet(30)
                found += transfer(lab, [cell], fast_seconds)
    finally:
        limits.remove(lab, kind)
    return found


def unlimited(lab, seconds, control):
    """What the bench itself does without a limit, for scale."""
    boxes.put(lab, "bridge")
    cell = limits.Cell(FIRST_PORT - 1, 10**12, 0, control, "none")
    return transfer(lab, [cell], seconds)[0]["goodput_bps"]


def percent(results, **wanted):
    one = [r for r in results if all(r[k] == v for k, v in wanted.items())]
    return f"{100 * one[0]['share']:.1f} %" if one else "-"


def size_text(size):
    return f"{size / 1024:g} KiB" if size % 512 == 0 else f"{size} B"


def tables(found):
    """The page's tables: one for each round-trip time and congestion control."""
    parts = []
    for rtt in sorted({r["rtt"] for r in found}):
        for control in CONTROLS:
            some = [r for r in found if r["rtt"] == rtt and r["cc"] == control]
            if not some:
                continue
            columns = list(dict.fromkeys((r["kind"], r["burst"]) for r in some))
            heads = ["rate"] + [f"{kind} {size_text(burst)}" for kind, burst in columns]
            rates = sorted({r["rate"] for r in some})
            rows = [[figures.rate_text(rate)] + [percent(some, rate=rate, kind=k, burst=b) for k, b in columns] for rate in rates]
            parts.append(f"### {control}, {f'RTT {rtt} ms' if rtt else 'no added RTT'}\n\n{figures.table(heads, rows)}")
    return "\n\n".join(parts)


def page(found, scale, seconds):
    return f"""# Accuracy: goodput against configured rate

Made by `scripts/lab run accuracy` on {os.cpu_count()} cores, Linux {platform.release().split("-")[0]}; do not edit.

{__doc__.split(chr(10), 2)[2].strip()} Slow ones ran for {seconds[0]} s, fast ones for {seconds[1]} s.

100 % is all that the rate allows. `police`, `deep` and `nft` drop what exceeds the rate and so depend on how TCP takes losses:
the shallower the bucket, the more a connection waits for timeouts. nft's bucket holds one second of the rate and its burst;
`deep` is `police` with just that. `shape`, `tbf` and `htb` queue what exceeds the rate. Without any limit the bench carried {scale}.

{tables(found)}
"""


def run(order):
    rates, bursts = ((140_000, 1_000_000, 10_000_000), (16 * 1024, 64 * 1024)) if order.quick else (RATES, BURSTS)
    kinds = ("police", "deep", "shape", "nft", "tbf", "htb") if order.box == "slowlane" else ("nft", "tbf", "htb")
    rtts, seconds = ((0,), (12, 8)) if order.quick else (RTTS if order.box == "slowlane" else (0,), (35, 12))
    found, scale = [], []
    for rtt in rtts:
        with bench.standing_lab(order.name, bench.Wanted("bridge", rtt_ms=rtt)) as lab:
            scale += [f"{figures.rate_text(unlimited(lab, 8, c))} ({c}, {f'RTT {rtt} ms' if rtt else 'no added RTT'})" for c in CONTROLS]
            for kind in kinds:
                cells = cells_of(kind, rates, bursts_for(kind, bursts), CONTROLS)
                found += [r | {"rtt": rtt} for r in measure(lab, kind, cells, *seconds, order.port_kind)]
                print(f"{kind}, RTT {rtt} ms: {len(cells)} connections done", flush=True)
                figures.keep(order, "accuracy", found, tables(found))
    figures.keep(order, "accuracy", found, page(found, ", ".join(scale), seconds))
    return True

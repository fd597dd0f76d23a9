"""How fast, and how late (`scripts/lab run speed`, and a part of transparency): the box beside a kernel bridge, a bare
redirect between the ports, and DPDK's own forwarder, on the same veths, in turns, each when the machine does little else."""

import json
import os
import re
import shutil
import statistics

from . import bench, boxes, figures, servers, topology, watch

ROUNDS = 7


def latencies(lab, count):
    """Round-trip times of ICMP echoes in milliseconds, one a millisecond."""
    said = lab.run("client", "ping", "-n", "-c", str(count), "-i", "0.001", topology.SERVER, seconds=120).stdout
    return [float(time) for time in re.findall(r"time=([0-9.]+) ms", said)]


def throughput(lab, seconds, *more):
    """Bits a second of payload that one TCP connection gets, cubic, downwards."""
    told = lab.run("client", "iperf3", "-c", topology.SERVER, "-p", str(servers.IPERF_PORT), "-R", "-C", "cubic", "-J", "-t",
                   str(seconds), *more, seconds=seconds + 30).stdout
    found = json.loads(told)
    return found["end"]["sum_received"]["bits_per_second"] if "end" in found and "sum_received" in found["end"] else 0.0


def compare(lab, order, book):
    """What each kind of box does; the last one in place is the first that was."""
    kinds = [kind for kind in ("none", "bridge", order.box, "testpmd") if all(shutil.which(p) for p in boxes.need(kind))]
    kinds = list(dict.fromkeys(kinds))
    rounds, seconds, count = (1, 2, 1000) if order.quick else (ROUNDS, 4, 2_000)
    found, busy = {kind: {"rtt_ms": [], "bps": []} for kind in kinds}, 0
    for number in range(rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            boxes.take(lab)
            busy += not watch.quiet(10 if order.quick else 60)
            boxes.put(lab, kind, book, order.port_kind)
            found[kind]["rtt_ms"] += latencies(lab, count)
            found[kind]["bps"].append(throughput(lab, seconds))
    boxes.put(lab, order.box, book, order.port_kind)
    return {"cores": os.cpu_count(), "rounds": rounds, "busy": busy,
            "kinds": {kind: _figures(one, found["bridge"]["bps"]) for kind, one in found.items()}}


def _figures(one, bridge):
    ratios = [own / other for own, other in zip(one["bps"], bridge) if other]
    return {"bps": statistics.median(one["bps"]), "all_bps": one["bps"], "of_bridge": statistics.median(ratios), "echoes": len(one["rtt_ms"]),
            "p50_ms": figures.percentile(one["rtt_ms"], 0.5), "p99_ms": figures.percentile(one["rtt_ms"], 0.99),
            "p999_ms": figures.percentile(one["rtt_ms"], 0.999), "max_ms": max(one["rtt_ms"], default=None)}


def text(speeds):
    kinds = speeds["kinds"]
    bridge = kinds["bridge"]
    rows = []
    for kind, one in kinds.items():
        rows.append([kind, figures.rate_text(one["bps"]), f"{one['of_bridge']:.2f}",
                     *(f"{one[name]:.3f}" for name in ("p50_ms", "p99_ms", "p999_ms", "max_ms")),
                     f"{one['p50_ms'] - bridge['p50_ms']:+.3f}", f"{one['p99_ms'] - bridge['p99_ms']:+.3f}"])
    heads = ["box", "TCP goodput", "of the bridge's", "RTT p50 ms", "p99", "p99.9", "max", "p50 beside the bridge", "p99 beside it"]
    busy = f" The machine was busy with other things at {speeds['busy']} of the measurements." if speeds["busy"] else ""
    return (f"{figures.table(heads, rows)}\n\nMedians of {speeds['rounds']} interleaved rounds on {speeds['cores']} cores, ratios "
            f"within a round.{busy}")


def run(order):
    book = os.path.join(boxes.TOP, "rules/book/demo.cfg")
    with bench.standing_lab(order.name, bench.Wanted(order.box, book, port_kind=order.port_kind, ring=None)) as lab:
        speeds = compare(lab, order, book)
    figures.keep(order, "speed", speeds, text(speeds))
    return True

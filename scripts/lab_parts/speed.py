"""How fast, and how late: the box beside a kernel bridge, a bare redirect between the ports, and DPDK's own forwarder, on
the same veths, in turns, so that whatever else the machine does meets them alike."""

import json
import os
import re
import shutil
import statistics

from . import boxes, figures, servers, topology

ROUNDS = 3


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
    rounds, seconds, count = (1, 2, 1000) if order.quick else (ROUNDS, 8, 10_000)
    found = {kind: {"rtt_ms": [], "bps": []} for kind in kinds}
    for number in range(rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            boxes.put(lab, kind, book, order.port_kind)
            found[kind]["rtt_ms"] += latencies(lab, count)
            found[kind]["bps"].append(throughput(lab, seconds))
    boxes.put(lab, order.box, book, order.port_kind)
    return {"cores": os.cpu_count(), "rounds": rounds, "kinds": {kind: _figures(one) for kind, one in found.items()}}


def _figures(one):
    return {"bps": statistics.median(one["bps"]), "all_bps": one["bps"], "echoes": len(one["rtt_ms"]),
            "p50_ms": figures.percentile(one["rtt_ms"], 0.5), "p99_ms": figures.percentile(one["rtt_ms"], 0.99),
            "p999_ms": figures.percentile(one["rtt_ms"], 0.999), "max_ms": max(one["rtt_ms"], default=None)}


def text(speeds):
    kinds = speeds["kinds"]
    bridge = kinds["bridge"]
    rows = []
    for kind, one in kinds.items():
        rows.append([kind, figures.rate_text(one["bps"]), f"{one['bps'] / bridge['bps']:.2f}" if bridge["bps"] else "-",
                     *(f"{one[name]:.3f}" for name in ("p50_ms", "p99_ms", "p999_ms", "max_ms")),
                     f"{one['p50_ms'] - bridge['p50_ms']:+.3f}", f"{one['p99_ms'] - bridge['p99_ms']:+.3f}"])
    heads = ["box", "TCP goodput", "of the bridge's", "RTT p50 ms", "p99", "p99.9", "max", "p50 beside the bridge", "p99 beside it"]
    return f"{figures.table(heads, rows)}\n\nMedians of {speeds['rounds']} interleaved rounds on {speeds['cores']} cores."

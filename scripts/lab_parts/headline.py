"""The headline: one file, fetched from a throttled name and from another name on the same server, over the same wire.

Each transfer is one TLS connection with HTTP/2 that downloads a 383 KB picture and uploads it at the same time (facts A1
and A8). Throttled and control, with the box and without it, take turns, so that what the machine does meanwhile meets
them alike. Rates count IP bytes at the receiving end of the wire, as the box does."""

import json
import os
import statistics

from . import bench, boxes, figures, servers, topology, watch

THROTTLED, CONTROL = "abs.twimg.com", "example.org"
RATE, LOW, HIGH = 140_000, 130_000, 150_000
SETTLED = 5.0  # seconds after which a rate counts as converged
ROUNDS = 3


def transfer(lab, folder, name, seconds=120):
    """One transfer; returns what it was like, by direction."""
    os.makedirs(folder, exist_ok=True)
    size = servers.FILES["picture.jpg"]
    with watch.captures(lab, folder, {"client": "wire", "server": "wire"}, "tcp port 443") as files, \
            watch.Sockets(lab, "server") as far, watch.Sockets(lab, "client") as near:
        # The second transfer waits for the first one's connection and shares it.
        fetched = lab.run("client", "curl", "-4skZ", "--http2", "--max-time", str(seconds), "-o", "/dev/null", "-w", "%{json}\n",
                          f"https://{name}/picture.jpg", "--next", "-4sk", "--max-time", str(seconds), "-w", "%{json}\n",
                          "-T", lab.path("www/picture.jpg"), f"https://{name}/upload", seconds=seconds + 20)
    told = [json.loads(line) for line in fetched.stdout.splitlines() if line.startswith("{")]
    for sockets in near, far:
        sockets.insist(lab.fact("congestion_control"), 443)
    received, sent = figures.directions(files["client"], 443), figures.directions(files["server"], 443)
    ends = {"down": (sent["down"], received["down"], far), "up": (received["up"], sent["up"], near)}
    result = {"name": name, "exit": fetched.returncode, "connections": len(received["down"]),
              "connect_ms": 1e3 * min(t["time_connect"] - t["time_namelookup"] for t in told if t["num_connects"]),
              "whole": sorted((t["size_download"], t["size_upload"]) for t in told) == [(0, size), (size, 0)]}
    zero = min(d.begin() for d in received["down"] + received["up"])
    for direction, (sender, receiver, sockets) in ends.items():
        result[direction] = _one_way(sender[0], receiver[0], sockets, zero)
    return result


def _one_way(sender, receiver, sockets, zero):
    """Figures of one direction; `curve` is for the picture."""
    receiver, sender = (one.until(servers.FILES["picture.jpg"]) for one in (receiver, sender))
    samples = [s for samples in sockets.samples.values() for s in samples if s["rtt_ms"]]
    return {"goodput_bps": receiver.goodput(), "converged_bps": receiver.rate(SETTLED) if lasts(receiver) else None,
            "seconds": receiver.end() - receiver.begin(), "sent_packets": sender.loaded(),
            "received_packets": receiver.loaded(), "sent_again": sender.sent_again(),
            "rtt_ms": statistics.median(s["rtt_ms"] for s in samples) if samples else None,
            "curve": {"offered": [(p[0] - zero, p[1]) for p in sender.packets],
                      "arrived": [(p[0] - zero, p[1]) for p in receiver.packets]}}


def lasts(direction):
    """Whether a transfer went on for long enough to have a converged rate."""
    return direction.end() - direction.begin() > 2 * SETTLED


def judge(results):
    """What the headline claims, and whether it is so."""
    throttled = [r for r in results if r["box"] == "with" and r["name"] == THROTTLED]
    free = [r for r in results if r not in throttled]
    slow = [r[d]["converged_bps"] for r in throttled for d in ("down", "up")]
    fast = [r[d]["goodput_bps"] for r in free for d in ("down", "up")]
    return {
        "the throttled name converges to 130 to 150 kbit/s, both ways at once": all(s and LOW <= s <= HIGH for s in slow),
        "every other transfer is at least 50 times as fast": min(fast) > 50 * RATE,
        "each was one connection, and every file arrived whole":
            all(r["whole"] and r["connections"] == 1 and r["exit"] == 0 for r in results)}


def rows(results):
    out = []
    for result in results:
        for direction in "down", "up":
            one = result[direction]
            again = f"{one['sent_again']} of {one['sent_packets']}"
            out.append([result["round"], result["box"], result["name"], direction, f"{one['seconds']:.2f} s",
                        figures.rate_text(one["goodput_bps"]), figures.rate_text(one["converged_bps"]), again,
                        f"{result['connect_ms']:.2f} ms", f"{one['rtt_ms']:.2f} ms" if one["rtt_ms"] else "-"])
    return out


HEADS = ["round", "box", "name", "direction", "took", "goodput", "rate after 5 s", "sent again", "TCP connect", "median RTT"]


def draw(run, results):
    """The picture: the first throttled transfer, and the control's, both ways."""
    curves = []
    for name in THROTTLED, CONTROL:
        shown = next(r for r in results if r["box"] == "with" and r["name"] == name)
        for direction in "down", "up":
            curve = shown[direction]["curve"]
            curves.append((name, direction, curve["offered"], curve["arrived"], RATE if name == THROTTLED else None))
    figures.write_series(run.path("series.csv"), curves, every=0.25)
    figures.plot(run.path("series.csv"), run.path("throughput.svg"), "One server, two names: what was offered, and what came through")
    folder = run.path(f"1-with-{THROTTLED}")
    figures.write_packets(run.path("packets.csv"), figures.pairs(f"{folder}/server.pcap", f"{folder}/client.pcap", 443, "down"))
    figures.plot(run.path("packets.csv"), run.path("sequence.svg"), f"{THROTTLED}, down: what arrived and what did not",
                 "--rate", f"{RATE}bit")


def measure(run, rounds):
    results = []
    book = os.path.join(boxes.TOP, "rules/book/lab.cfg")
    with bench.standing_lab(run.name, bench.Wanted(box="none", rtt_ms=run.rtt_ms)) as lab:
        topology.set_congestion_control(lab, "cubic")
        for number in range(1, rounds + 1):
            for box in "with", "without":
                boxes.put(lab, run.box if box == "with" else "none", book, run.port_kind)
                for name in (THROTTLED, CONTROL) if number % 2 else (CONTROL, THROTTLED):
                    folder = run.path(f"{number}-{box}-{name}")
                    results.append({"round": number, "box": box} | transfer(lab, folder, name))
    return results


def run(order):
    results = measure(order, 1 if order.quick else ROUNDS)
    claims = judge(results)
    draw(order, results)
    kept = [{k: v if k not in ("down", "up") else {n: f for n, f in v.items() if n != "curve"} for k, v in r.items()}
            for r in results]
    text = figures.table(HEADS, rows(results)) + "\n\n" + "\n".join(f"{'yes' if so else 'NO '}  {claim}" for claim, so in claims.items())
    figures.keep(order, "headline", {"transfers": kept, "claims": claims}, text)
    return all(claims.values())

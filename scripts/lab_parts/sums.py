"""Sums: a real Prometheus watches the box for a minute; what it scraped must add up with what the box says, with captures
on both sides of the box, and with the report of a replay of the packets that came in.

Clients fetch throttled, shaped, lossy, late and free files meanwhile. Bytes are IP bytes. A replay sees each packet at
its capture's time, a worker when its turn comes, so a policer may decide differently on a few packets: what was offered
must be equal, what was sent within a percent or a few packets."""

import contextlib
import json
import os
import shutil
import time
import urllib.parse

import capture_files

from . import bench, boxes, figures, ground, topology, watch

HTTP, PROMETHEUS = "127.0.0.1:9180", "127.0.0.1:9190"
BOOK = os.path.join(boxes.TOP, "rules/book/lab.cfg")
FILES = ("abs.twimg.com/picture.jpg", "smooth.example.net/film.bin", "lossy.example.net/clip.bin", "late.example.net/clip.bin",
         "example.org/film.bin", "gone.example.net/clip.bin")
SECONDS = 60
TOLERANCE, FEW = 0.01, 6000  # of what a class sent; bytes


def query(lab, expression):
    """One value that Prometheus has, and by which labels, as a list of (labels, value)."""
    text = lab.do("box", "curl", "-sf", "-m", "10", f"http://{PROMETHEUS}/api/v1/query?query={urllib.parse.quote(expression)}")
    return [(one["metric"], float(one["value"][1])) for one in json.loads(text)["data"]["result"]]


def value(lab, expression):
    found = query(lab, expression)
    return found[0][1] if found else None


def start_prometheus(lab):
    """Scrapes the box each second, from the box's own namespace."""
    config = lab.path("prometheus.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write("global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: slowlane\n    static_configs:\n"
                   f"      - targets: ['{HTTP}']\n")
    lab.start("prometheus", "box", "prometheus", f"--config.file={config}", f"--web.listen-address={PROMETHEUS}",
              f"--storage.tsdb.path={lab.path('prometheus')}", "--log.level=warn")
    ground.wait_for(lambda: lab.run("box", "curl", "-sf", f"http://{PROMETHEUS}/-/ready").returncode == 0, 30,
                    "prometheus did not start:\n" + lab.log("prometheus"))
    ground.wait_for(lambda: value(lab, "up") == 1, 30, "it does not scrape:\n" + lab.log("prometheus"))


@contextlib.contextmanager
def downloads(lab, seconds):
    """Clients that fetch files again and again, for so long at most."""
    loops = "".join(f"while [ $SECONDS -lt $end ]; do curl -sko /dev/null -m 10 --limit-rate 400k https://{file}; sleep 0.2; done &\n"
                    for file in FILES)
    lab.start("clients", "client", "bash", "-c", f"end=$((SECONDS + {seconds}))\n{loops}wait")
    yield
    ground.wait_for(lambda: not lab.lives("clients"), seconds + 30, "the clients did not end")


def settled(lab):
    """Once nothing has crossed the box for so long that it has published what it counts and Prometheus has come by: the
    box's counters, and what was scraped."""
    for _ in range(30):
        before = boxes.counters(lab)
        time.sleep(2.5)
        found = scraped(lab)
        after = boxes.counters(lab)
        if before["total.received_packets"] == after["total.received_packets"]:
            return after, found
    raise ground.LabError("the lab's cables are never quiet")


def address_of(lab, role, device):
    """The Ethernet address of a device."""
    return bytes.fromhex(lab.do(role, "cat", f"/sys/class/net/{device}/address").strip().replace(":", ""))


def parted(lab, files, since):
    """The frames on their way to the box and from it, from captures at the routers, from a time in ns on: lists in order
    of time."""
    came, left = [], []
    for role in "router1", "router2":
        own = address_of(lab, role, "wire")
        for frame in (frame for frame in capture_files.read(files[role]) if frame.time >= since):
            (came if frame.data[6:12] == own else left).append(frame)
    return [sorted(frames, key=lambda frame: frame.time) for frames in (came, left)]


def bytes_of(frames):
    """As the box counts them: of what is not IP (ARP now and then), the whole frame."""
    total = 0
    for frame in frames:
        kind = frame.data[12:14]
        if kind == b"\x08\x00":
            total += int.from_bytes(frame.data[16:18], "big")
        elif kind == b"\x86\xdd":
            total += int.from_bytes(frame.data[18:20], "big") + 40
        else:
            total += frame.length
    return total


def replayed(lab, folder, came):
    """The report of a replay of what came to the box."""
    arrivals, report = os.path.join(folder, "arrivals.pcapng"), os.path.join(folder, "replay.json")
    capture_files.write(arrivals, came, "what came to the box in the lab")
    lab.host(boxes.binary(), "replay", arrivals, "--book", BOOK, "--inside", ",".join(topology.INSIDE), "--report", report)
    with open(report, encoding="utf-8") as file:
        return json.load(file)


def scraped(lab):
    """What Prometheus has now: totals, and each class's bytes by direction."""
    totals = {name: value(lab, f"slowlane_{name}_total") for name in
              ("received_packets", "sent_packets", "received_bytes", "sent_bytes", "flows_begun")}
    totals["dropped_packets"] = value(lab, "sum(slowlane_dropped_packets_total)")
    classes = {}
    for what in "offered", "sent", "dropped":
        for labels, number in query(lab, f"slowlane_class_{what}_bytes_total"):
            classes.setdefault((labels["class"], labels["direction"]), {})[what] = number
    hits = {labels["rule"]: number for labels, number in query(lab, "slowlane_rule_hits_total")}
    return {"totals": totals, "classes": classes, "hits": hits, "scrapes": value(lab, "count_over_time(up{job='slowlane'}[10m])")}


def less(after, before):
    """What came since: of numbers, in dictionaries of dictionaries."""
    if not isinstance(after, dict):
        return after - (before or 0)
    return {name: less(one, (before or {}).get(name)) for name, one in after.items()}


def measure(lab, folder, seconds=SECONDS):
    """The same minute as four witnesses tell it."""
    os.makedirs(folder, exist_ok=True)
    start_prometheus(lab)
    with watch.captures(lab, folder, {"router1": "wire", "router2": "wire"}, snap=2048) as files:
        before = settled(lab)
        since = time.time_ns()
        with downloads(lab, seconds):
            time.sleep(seconds)
        after = settled(lab)
    counted, found = (less(*both) for both in zip(after, before))
    found |= {"counted": counted, "always_up": value(lab, f"min_over_time(up{{job='slowlane'}}[{seconds}s])") == 1}
    came, left = parted(lab, files, since)
    return found | {"captured": {"received_packets": len(came), "sent_packets": len(left), "received_bytes": bytes_of(came),
                                 "sent_bytes": bytes_of(left)}, "report": replayed(lab, folder, came)}


def totals_of(found):
    """Rows: a figure, as Prometheus, the box, the captures and the replay tell it; None where one does not tell it."""
    box, report = found["counted"], found["report"]
    dropped = sum(number for name, number in box.items() if name.startswith("total.dropped."))
    rows = []
    for name, number in found["totals"].items():
        told = dropped if name == "dropped_packets" else box["total." + name]
        replay = {"received_packets": report["packets"]["received"], "received_bytes": report["bytes"]["received"],
                  "flows_begun": report["flows"]}.get(name)
        rows.append([name, number, told, found["captured"].get(name), replay])
    return rows


def classes_of(found):
    """Rows: a class and direction, what Prometheus and the replay say was offered and sent."""
    rows = []
    for one in found["report"]["classes"]:
        for direction in "up", "down":
            live, replay = found["classes"].get((one["name"], direction), {}), one[direction]
            if replay["offered_bytes"] or live.get("offered"):
                rows.append([f"{one['name']} {direction}", live.get("offered"), replay["offered_bytes"], live.get("sent"), replay["sent_bytes"]])
    return rows


def close(a, b):
    return a is not None and abs(a - b) <= max(TOLERANCE * b, FEW)


def claims_of(found, seconds=SECONDS):
    totals, classes = totals_of(found), classes_of(found)
    sent = sum(one.get("sent", 0) for one in found["classes"].values())
    replay_hits = {one["name"]: one["hits"] for one in found["report"]["rules"]}
    return {
        f"Prometheus scraped once a second, {found['scrapes']:.0f} times, and was always answered":
            found["scrapes"] >= 0.9 * seconds and found["always_up"],
        "its totals are the box's": all(row[1] == row[2] for row in totals),
        "they are those of the captures": all(row[1] == row[3] for row in totals if row[3] is not None),
        "the replay counts as many packets, bytes and flows": all(row[1] == row[4] for row in totals if row[4] is not None),
        "what classes sent is what left, but for what is no flow's": 0.99 * found["totals"]["sent_bytes"] <= sent <= found["totals"]["sent_bytes"],
        "each class was offered what the replay offers it": all(row[1] == row[2] for row in classes),
        "and sent what the replay sends, within a percent": all(close(row[3], row[4]) for row in classes),
        "rules have the replay's hits": all(found["hits"].get(name) == hits for name, hits in replay_hits.items())}


def tables(found):
    def cells(row):
        return [row[0]] + ["-" if cell is None else f"{cell:.0f}" for cell in row[1:]]
    return (figures.table(["in all", "Prometheus", "the box", "captures", "replay"], [cells(row) for row in totals_of(found)]) + "\n\n" +
            figures.table(["class", "offered: Prometheus", "replay", "sent: Prometheus", "replay"],
                          [cells(row) for row in classes_of(found)]))


def missing():
    return None if shutil.which("prometheus") else "prometheus is not installed (scripts/setup --servers)"


def run(order):
    if why := missing():
        raise ground.LabError(why)
    seconds = 15 if order.quick else SECONDS
    with bench.standing_lab(order.name, bench.Wanted(box="slowlane", book=BOOK)) as lab:
        found = measure(lab, order.path("captures"), seconds)
    claims = claims_of(found, seconds)
    text = tables(found) + "\n\n" + "\n".join(f"{'yes' if so else 'NO '}  {claim}" for claim, so in claims.items())
    kept = {name: found[name] for name in ("totals", "captured", "counted", "hits", "scrapes")} | {"claims": claims}
    figures.keep(order, "sums", kept, text)
    return all(claims.values())

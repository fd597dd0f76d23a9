"""Reload: a rule that is pushed while a download runs takes hold of it, and lets go when it is rolled back.

One download under a policer of 20 Mbit/s; a book with another rule in front, 2 Mbit/s, is pushed after a third of it and
rolled back after two thirds. Rates count IP bytes at the client's end of the wire; moments are those at which ctl's
answer was there."""

import os
import subprocess
import sys
import time

from . import accuracy, bench, boxes, figures, servers, topology, watch

BEFORE, PUSHED, BURST = 20_000_000, 2_000_000, 64 * 1024
THIRD = 6.0  # seconds
SETTLED = 1.5  # after a change: TCP finds the new rate
PORT = 21000


def book(name, pushed):
    fast = f'{{ name = "fast"; police = {{ rate = "{BEFORE}bit"; burst = "256KiB"; scope = "flow"; }}; }}'
    slow = f'{{ name = "slow"; police = {{ rate = "{PUSHED}bit"; burst = "{BURST}B"; scope = "flow"; }}; }}'
    when = f"when = {{ server_port = {servers.BULK_PORT}; }};"
    rules = [f'{{ name = "first"; {when} then = "slow"; }}'] * pushed + [f'{{ name = "usual"; {when} then = "fast"; }}']
    return f'book = "{name}";\nclasses = ( {", ".join([fast] + [slow] * pushed)} );\nrules = ( {", ".join(rules)} );\n'


def write(lab, name, pushed):
    path = lab.path(f"{name}.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(book(name, pushed))
    return path


def change(lab, *command):
    """One change of books; returns the box's answer and when it was there."""
    return boxes.ask(lab, *command), time.time()


def measure(lab, folder):
    """A download with a push and a rollback; rates in the three parts of it."""
    boxes.put(lab, "slowlane", write(lab, "usual", 0))
    pushed = write(lab, "pushed", 1)
    os.makedirs(folder, exist_ok=True)
    with watch.captures(lab, folder, {"client": "wire", "server": "wire"}, f"src port {servers.BULK_PORT}", 96) as files:
        download = subprocess.Popen(lab.at("client") + [sys.executable, accuracy.BULK, "get", topology.SERVER,
                                                        str(servers.BULK_PORT), str(3 * THIRD), "cubic", str(PORT)],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        time.sleep(THIRD)
        answer, in_force = change(lab, "reload", pushed, "--wait", "1s")
        in_force -= 1.0  # that it waited for first hits
        time.sleep(THIRD - 1)
        _, gone = change(lab, "rollback")
        download.communicate(timeout=60)
    received = figures.directions(files["client"], servers.BULK_PORT)["down"][0].packets
    sent = figures.directions(files["server"], servers.BULK_PORT)["down"][0].packets
    end = received[-1][0]

    def rate(begin, until):
        return sum(p[1] for p in received if begin <= p[0] < until) * 8 / (until - begin)
    return {"hits": answer["first_hits"], "zero": received[0][0], "in_force": in_force, "gone": gone,
            "before_bps": rate(received[0][0] + SETTLED, in_force - 0.2), "while_bps": rate(in_force + SETTLED, gone - 0.2),
            "after_bps": rate(gone + SETTLED, end - 0.5),
            "first_second": sum(p[1] for p in received if in_force <= p[0] < in_force + 1),
            "lost_by_box": {name: count for name, count in boxes.counters(lab).items()
                            if name.startswith("total.dropped.") and not name.endswith(".police") and count},
            "curve": (sent, received)}


def claims_of(found):
    return {
        "before the push the download has its 20 Mbit/s": 0.7 * BEFORE < found["before_bps"] <= 1.05 * BEFORE,
        "the pushed rule holds it to 2 Mbit/s": 0.7 * PUSHED < found["while_bps"] <= 1.05 * PUSHED,
        "from its first second on, no more than a bucket and the rate pass":
            found["first_second"] <= 1.05 * (BURST + PUSHED / 8) + 2 * 1514,
        "the rollback lets go of it": 0.6 * BEFORE < found["after_bps"] <= 1.05 * BEFORE,
        "the pushed rule's first hit is told": [one["hits"] for one in found["hits"] if one["name"] == "first"] == [1],
        "nothing was dropped but by policers": not found["lost_by_box"]}


def draw(order, found):
    sent, received = ([(p[0] - found["zero"], p[1]) for p in packets] for packets in found["curve"])
    figures.write_series(order.path("series.csv"), [("download", "down", sent, received, None)], every=0.25)
    figures.plot(order.path("series.csv"), order.path("reload.svg"),
                 f"A rule pushed after {found['in_force'] - found['zero']:.1f} s, rolled back after {found['gone'] - found['zero']:.1f} s")


def run(order):
    with bench.standing_lab(order.name, bench.Wanted(box="none", rtt_ms=order.rtt_ms or 20)) as lab:
        found = measure(lab, order.path("captures"))
    claims = claims_of(found)
    draw(order, found)
    rows = [[part, figures.rate_text(found[f"{part}_bps"])] for part in ("before", "while", "after")]
    text = figures.table(["part", "rate"], rows) + "\n\n" + "\n".join(f"{'yes' if so else 'NO '}  {claim}" for claim, so in claims.items())
    figures.keep(order, "reload", {name: value for name, value in found.items() if name != "curve"} | {"claims": claims}, text)
    return all(claims.values())

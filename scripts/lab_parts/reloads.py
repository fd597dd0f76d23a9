"""Reloads: many books pushed to a box under load, books of a million names and broken ones among them.

A TCP download keeps the box busy, as fast as it goes without the kernel's rings overflowing (the client's window is kept
small). Two streams of numbered datagrams cross it: `quiet` passes under every book, `treated` changes its class with each
one: policed, held for 10 ms, shaped, passed. What is lost, what comes out of order and how long one was under way is
counted to the packet, first without reloads, then with them. A virtual machine's host takes its processors away at times,
and then rings overflow whatever a box does: such moments are recorded (steal.py), and a loss in one of them is counted
apart. The box tells its longest turns, and the kernel its memory. Its
workers get a real-time priority: what else this machine does is not what is measured."""

import contextlib
import json
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass

from . import accuracy, bench, boxes, figures, ground, servers, steal, topology, watch

PULSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pulse.py")
QUIET, TREATED, RATE = 7000, 7001, 1000  # ports; datagrams a second to each
PORT = 21100
WINDOW = "4096 131072 262144"  # bytes of the client's receive buffers
COUNT, NAMES = 1000, 1_000_000
CLASSES = ('police = { rate = "8gbit"; burst = "64MiB"; scope = "flow"; };', 'delay = { time = "10ms"; };',
           'shape = { rate = "1gbit"; burst = "1MiB"; queue = "8MiB"; scope = "flow"; };')
BROKEN = ("clases = ();\n", 'rules = ( { name = "r"; when = {}; then = "nobody"; } );\n', "rules = (\n")
RING = "128MiB"  # of each port
MOST_GROWTH = 1.10  # a book of a million names leaves holes that the allocator keeps


@dataclass
class Plan:
    """How many pushes, the names of a large book, and under what load."""
    count: int = COUNT
    names: int = NAMES
    quiet_s: float = 20  # without reloads
    port_kind: str = "af_packet"
    rate: int = 0  # of the download, Mbit/s; 0: as fast as it goes

    def kind(self, number):
        """Every tenth is broken, every fiftieth large."""
        return "broken" if number % 10 == 9 else "large" if number % 50 == 2 else "small"


def book(name, treatment, large):
    """`treatment`: an index of CLASSES; behind them, pass."""
    classes = ", ".join(f'{{ name = "c{i}"; {text} }}' for i, text in enumerate(CLASSES))
    then = f"c{treatment}" if treatment < len(CLASSES) else "pass"
    lists = 'lists = ( { name = "many"; file = "many.txt"; } );\n' if large else ""
    more = f', {{ name = "names"; when = {{ host_list = ["many"]; }}; then = "c{treatment % len(CLASSES)}"; }}' if large else ""
    return (f'book = "{name}";\n{lists}classes = ( {classes} );\n'
            f'rules = ( {{ name = "treated"; when = {{ server_port = {TREATED}; }}; then = "{then}"; }}{more} );\n')


def write(lab, number, kind):
    path = lab.path(f"pushed-{kind}.cfg")
    text = book(f"b{number}", number % (len(CLASSES) + 1), kind == "large")
    if kind == "broken":
        text = f'book = "b{number}";\n' + BROKEN[number // 10 % len(BROKEN)]
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def write_names(lab, count):
    with open(lab.path("many.txt"), "w", encoding="utf-8") as file:
        file.writelines(f"host{i}.names.example\n" for i in range(count))


def memory(lab, what):
    """Of the box, in MiB: VmRSS now, VmHWM at its highest."""
    with open(f"/proc/{lab.pid('box')}/status", encoding="utf-8") as file:
        return int(re.search(rf"{what}:\s+(\d+) kB", file.read())[1]) / 1024


def prefer_worker(lab):
    """Nothing else of this machine takes the worker's core while it has packets."""
    os.sched_setscheduler(boxes.worker(lab), os.SCHED_FIFO, os.sched_param(1))


@contextlib.contextmanager
def load(lab, found):
    """The download and the streams while its body runs; what became of them is in `found` afterwards."""
    for name in os.listdir(lab.folder):
        if name.startswith(("pulse-", "bulk-")):
            os.remove(lab.path(name))
    lab.start("receive", "server", sys.executable, PULSE, "receive", lab.folder, str(QUIET), str(TREATED))
    ground.wait_for(lambda: os.path.exists(lab.path("pulse-ready")), 10, "the receiver did not start")
    lab.start("send", "client", sys.executable, PULSE, "send", topology.SERVER, str(RATE), str(QUIET), str(TREATED))
    lab.start("download", "client", sys.executable, accuracy.BULK, "get", topology.SERVER, str(servers.BULK_PORT), "3600", "cubic",
              str(PORT))
    lab.start("steal", "server", sys.executable, steal.__file__, str(min(os.sched_getaffinity(boxes.worker(lab)))),
              lab.path("steal.json"))
    time.sleep(2)
    before, began = boxes.counters(lab), time.monotonic()
    yield
    after, found["seconds"], found["worker"] = boxes.counters(lab), time.monotonic() - began, worker(lab)
    lab.stop("download")
    lab.stop("send", seconds=10)
    ground.wait_for(lambda: not lab.lives("receive"), 20, "a stream did not end:\n" + lab.log("receive"))
    lab.stop("steal", seconds=10)
    with open(lab.path("steal.json"), encoding="utf-8") as file:
        found["pauses"] = json.load(file)
    change = {name: after[name] - before.get(name, 0) for name in after}
    found |= {"packets": change["total.received_packets"], "bps": change["port.in.sent_bytes"] * 8 / found["seconds"],
              "dropped_by_box": {name: count for name, count in change.items() if name.startswith("total.dropped.") and count},
              "missed": sum(count for name, count in change.items() if name.endswith((".missed", ".send_refused"))),
              "retransmitted": accuracy.sender(lab, PORT)["retransmitted"]}
    for name, port in ("quiet", QUIET), ("treated", TREATED):
        with open(lab.path(f"pulse-{port}.json"), encoding="utf-8") as file:
            found[name] = json.load(file)
        found[name]["lost_in_pauses"] = lost_in_pauses(found[name], found["pauses"])


def worker(lab):
    return boxes.ask(lab, "status")["workers"][0]


def push(lab, plan, found):
    """All pushes, one after another; how each went."""
    for number in range(plan.count):
        kind = plan.kind(number)
        begun = time.monotonic()
        told = boxes.ctl(lab, "reload", write(lab, number, kind), "--wait", "0")
        found["pushes"].append({"kind": kind, "seconds": time.monotonic() - begun, "rss_mib": memory(lab, "VmRSS")})
        if (told.returncode == 0) != (kind != "broken"):
            found["wrong"].append(f"push {number}, {kind}: {json.loads(told.stdout or '{}').get('error', 'taken')}")


def measure(lab, plan):
    """The same load without reloads and with them."""
    lab.do("client", "sysctl", "-qw", f"net.ipv4.tcp_rmem={WINDOW}")
    if plan.rate:
        lab.do("server", "tc", "qdisc", "replace", "dev", "wire", "root", "fq", "maxrate", f"{plan.rate}mbit")
    write_names(lab, plan.names)
    prefer_worker(lab)
    found = {"without": {}, "with": {}, "pushes": [], "wrong": []}
    with load(lab, found["without"]):
        time.sleep(plan.quiet_s)
    boxes.put(lab, "slowlane", lab.fact("box_book"), plan.port_kind)  # a new one: its longest turn is that of what follows
    prefer_worker(lab)
    with load(lab, found["with"]):
        found["before_mib"] = memory(lab, "VmRSS")
        push(lab, plan, found)
        time.sleep(3.5)  # the last one is counted, and what it replaced is given back
    found |= {"after_mib": memory(lab, "VmRSS"), "highest_mib": memory(lab, "VmHWM"), "in_force": boxes.ask(lab, "status")["book"]["name"]}
    return found


def levels(pushes):
    """Memory after small books, in MiB: the median of the second tenth of all pushes, and of the last."""
    part = max(len(pushes) // 10, 5)
    return [statistics.median(one["rss_mib"] for one in some if one["kind"] != "large")
            for some in (pushes[part:2 * part], pushes[-part:])]


def lost_in_pauses(stream, pauses):
    inside = sum(missing for begun, ended, missing in stream["gaps"] if steal.covers(pauses, begun, ended))
    return min(stream["lost"], inside)


def lost_to_it(one):
    """Datagrams that the box lost: not those that were lost while the machine itself stood still."""
    return sum(one[stream]["lost"] - one[stream]["lost_in_pauses"] for stream in ("quiet", "treated"))


def claims_of(found, plan):
    busy = found["with"]
    good = sum(one["kind"] != "broken" for one in found["pushes"])
    early, late = levels(found["pushes"])
    return {
        f"{good} books came into force, {plan.count - good} broken ones did not": not found["wrong"],
        "the worker took up each of them": busy["worker"]["take_ups"] == good,
        "no datagram was lost but while the machine stood still": lost_to_it(busy) == 0,
        "none overtook another of its flow": busy["quiet"]["behind"] == busy["treated"]["behind"] == 0,
        "the box dropped nothing": not busy["dropped_by_box"],
        "its ports missed nothing, or the machine stood still": not busy["missed"] or bool(busy["pauses"]),
        "its memory does not grow": late <= MOST_GROWTH * early + 2}


def rows_of(found):
    def row(title, one):
        return [title, f"{one['seconds']:.0f}", one["packets"], figures.rate_text(one["bps"]), one["retransmitted"], one["missed"],
                sum(one["dropped_by_box"].values()), one["quiet"]["sent"] + one["treated"]["sent"],
                lost_to_it(one), one["quiet"]["lost"] + one["treated"]["lost"] - lost_to_it(one), len(one["pauses"]),
                f"{sum(end - begun for begun, end in one['pauses']):.2f}", f"{1e3 * one['quiet']['longest_s']:.1f}",
                f"{one['worker']['longest_turn_us']['ever'] / 1e3:.2f}", f"{one['worker']['longest_take_up_us'] / 1e3:.2f}"]
    return figures.table(["", "s", "packets", "download", "sent again", "missed", "dropped", "datagrams", "lost", "lost in pauses",
                          "pauses of the machine", "s", "longest under way, ms",
                          "longest turn, ms", "of those that take a book up, ms"],
                         [row("without reloads", found["without"]), row("with reloads", found["with"])])


def memory_of(found):
    pushes = found["pushes"]
    rows = []
    for kind in "small", "large", "broken":
        times = [one["seconds"] for one in pushes if one["kind"] == kind]
        if times:
            rows.append([kind, len(times), f"{statistics.median(times):.2f}", f"{max(times):.2f}"])
    steps = [i for i in range(len(pushes)) if (i + 1) % max(len(pushes) // 10, 1) == 0]
    text = figures.table(["book", "pushes", "median s", "longest s"], rows)
    text += "\n\nMemory in MiB: {:.0f} before, {:.0f} at its highest, {:.0f} after.\n\n".format(
        found["before_mib"], found["highest_mib"], found["after_mib"])
    return text + figures.table(["after pushes"] + [str(i + 1) for i in steps], [["MiB"] + [f"{pushes[i]['rss_mib']:.0f}" for i in steps]])


def run(order):
    plan = Plan(order.count or COUNT, NAMES // 10 if order.quick else NAMES, port_kind=order.port_kind, rate=order.rate)
    with bench.standing_lab(order.name, bench.Wanted(box="slowlane", port_kind=order.port_kind, ring=RING)) as lab:
        watch.quiet(60)
        found = measure(lab, plan)
    claims = claims_of(found, plan)
    text = "\n\n".join([rows_of(found), memory_of(found), "\n".join(f"{'yes' if so else 'NO '}  {claim}" for claim, so in claims.items())])
    figures.keep(order, "reloads", found | {"claims": claims}, text)
    return all(claims.values())

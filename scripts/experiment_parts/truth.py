"""Ground truth for those who build detectors: real TCP downloads through the box in the lab, captured in four places, with
what was really done to each.

A run's folder holds client.pcapng and server.pcapng (the end hosts' cables), box-inside.pcapng and box-outside.pcapng
(the box's two cables), book.cfg, run.json, and truth.jsonl: a line for each flow, which is the box's own flow record and

  label        police, shape, lose, delay, drop, reset, allow or none: what its class does, as the box itself tells
  rate_bps, burst_bytes, scope    of that class, where it limits a rate; else null
  cc, rtt_ms   congestion control in force on the sending socket; round trip of the path, without queues
  cause        random_loss, drop_tail or tbf, where a router between box and client made a look-alike; else null.
               cause_rate_bps, cause_queue_bytes and cause_share are its numbers
  control      the id of this flow's control: the same transfer over the same path with every bit inverted; null for controls

Half of the round trip lies behind the box, so that captures at the client have little of it."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import sys
import tempfile

from lab_parts import bench, boxes, ground, servers, topology, watch

from . import made_with, truth_plan
from .bench import flattened

sys.path.insert(0, os.path.join(boxes.TOP, "scripts"))
import capture_files  # noqa: E402

PORT = 6100
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth_peers.py")
PLACES = {"client": "client", "router1": "box-inside", "router2": "box-outside", "server": "server"}
# Of several treatments in a class, the one that shows most.
LABELS = "police", "shape", "lose", "delay", "drop", "reset", "allow"
LATE_S, LATE_SHARE = 0.5, 0.15
EVENT_KEYS = "event", "time", "worker"


def make(out, seed, runs, book=None, quick=False, seeds="train", hosts=servers.SITES):
    """Makes so many runs under OUT/run-001 and so on; returns how many flows they hold. With a `book`, its rules are at
    work on flows to these hosts; else each flow has a class of its own."""
    wanted, flows = bench.Wanted(box="bridge", rtt_ms=truth_plan.RTTS_MS[0]), 0
    with bench.standing_lab(f"truth{os.getpid()}", wanted) as lab:
        for number in range(1, runs + 1):
            folder = os.path.join(out, f"run-{number:03}")
            about = {"seeds": seeds, "seed": seed, "run": number}
            flows += _attempt(lab, folder, (seeds, seed, number, quick, hosts if book else None), book, about)
            print(f"{folder}: {flows} flows so far", flush=True)
    return flows


def _attempt(lab, folder, draw, book, about):
    """One run, once more where this machine was too busy for it; returns how many flows it has."""
    os.makedirs(folder, exist_ok=True)
    for attempt in range(truth_plan.ATTEMPTS):
        plan = truth_plan.draw(*draw, attempt=attempt)
        lost = _run(lab, folder, plan, book, draw[3], about)
        if not lost:
            return len(plan)
        print(f"{folder}: once more: this machine was too busy: {lost}", flush=True)
    shutil.rmtree(folder)
    raise ground.LabError("this machine is too busy: what its boxes lose would be taken for what their rules do")


def _run(lab, folder, plan, book, quick, about):
    """All flows of a run at once; returns what this machine made of it instead of the book, nothing at best: frames lost on
    the boxes' ports, by port, and late answers."""
    path = os.path.join(folder, "book.cfg")
    servers.write(path, flattened(book) if book else truth_plan.book(plan))
    servers.write(lab.path("paths.cfg"), truth_plan.line_book(plan))
    boxes.put(lab, "slowlane", lab.path("paths.cfg"), place="line", core=boxes.LINE_CORE)
    boxes.put(lab, "slowlane", path)
    for place in "line", "box":
        boxes.prefer(lab, place)
    with tempfile.TemporaryDirectory(dir=lab.folder) as held, _router(lab, plan):
        with watch.captures(lab, held, {place: "wire" for place in PLACES}, f"tcp port {PORT}") as files:
            told = _transfer(lab, plan, quick)
            # While the captures run on, the last packets reach the far ends.
            classes = _classes(lab)
        lost = _lost(lab, "line") | _lost(lab, "box") | _late(told)
        boxes.take(lab)
        for place, name in PLACES.items():
            _rewrite(files[place], os.path.join(folder, f"{name}.pcapng"), name)
    lines = _truth(plan, told, classes, _records(lab.path("box-flows.jsonl")))
    with open(os.path.join(folder, "truth.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as file:
        json.dump(about | _versions(path) | {"server_port": PORT, "flows": told}, file, indent=1)
    os.remove(lab.path("box-flows.jsonl"))
    return lost


@contextlib.contextmanager
def _router(lab, plan):
    """The look-alikes, on the router between box and client."""
    for command in truth_plan.router_queues(plan, "near"):
        lab.do("router1", "tc", *command.split())
    lab.do("router1", "nft", truth_plan.router_losses(plan))
    try:
        yield
    finally:
        lab.do("router1", "tc", "qdisc", "del", "dev", "near", "root")
        lab.do("router1", "nft", "delete", "table", "ip", "truth")


def _transfer(lab, plan, quick):
    """Runs all flows; returns the plan with what both ends told."""
    limit = truth_plan.SPANS[quick].limit
    with tempfile.TemporaryDirectory(dir=lab.folder) as folder:
        lab.start("peers", "server", sys.executable, PEERS, "serve", str(PORT), folder)
        try:
            ground.wait_for(lambda: "ready" in lab.log("peers"), 10, f"the server did not start:\n{lab.log('peers')}")
            flows = [dataclasses.asdict(flow) | {"cause": flow.cause(), "limit_s": limit} for flow in plan]
            done = lab.run("client", sys.executable, PEERS, "fetch", topology.SERVER, str(PORT), input=json.dumps(flows), stdin=None,
                           seconds=3 * limit + 30)
            if done.returncode != 0:
                raise ground.LabError(f"the clients ended: {done.stderr.strip()[-300:]}")
            told = json.loads(done.stdout)
            for flow in told:
                flow["sender"] = _sender(os.path.join(folder, f"peer-{flow['port']}.json"))
        finally:
            lab.stop("peers")
            os.remove(lab.path("peers.log"))
    for flow in told:
        if flow["sender"].get("cc", flow["cc"]) != flow["cc"]:
            raise ground.LabError(f"congestion control {flow['cc']} did not take effect: {flow['sender']['cc']} was used")
    return told


def _sender(path):
    """What the server wrote of a connection when it had ended."""
    ground.wait_for(lambda: os.path.exists(path), 40, "a sender did not end")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _classes(lab):
    """What each class of the running book does."""
    return {one["name"]: one for one in boxes.ask(lab, "classes")["classes"]}


def _lost(lab, place):
    """Frames that found no room in the rings of a box's ports, by port; only those ports that lost some."""
    told = {f"{place}-{port['name']}": port["missed"] + port["send_refused"] for port in boxes.ask(lab, "status", place=place)["ports"]}
    return {name: count for name, count in told.items() if count}


def _late(told):
    """How many servers' first bytes came much later than the path takes, where those are more than lost packets explain."""
    late = sum(1 for flow in told if (flow["first_byte_s"] or 0) - 2 * flow["rtt_ms"] / 1e3 > LATE_S)
    return {"late answers": late} if late > LATE_SHARE * len(told) else {}


def _rewrite(source, target, comment):
    capture_files.write(target, capture_files.read(source), comment)


def _records(path):
    """The box's last word on each flow, by the client's port."""
    with open(path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return {record["client_port"]: {key: value for key, value in record.items() if key not in EVENT_KEYS}
            for record in records if record["server_port"] == PORT and record["event"] == "ended"}


def _label(record, classes):
    """What a class does, in the words of the contract: label, rate, burst and scope."""
    cls = classes.get(record["class"], {"treatments": [], "limits": []})
    label = next((word for word in LABELS if word in cls["treatments"]), "none")
    limit = next((limit for limit in cls["limits"] if limit["treatment"] == label), {})
    return {"label": label} | {key: limit.get(key) for key in ("rate_bps", "burst_bytes", "scope")}


def _truth(plan, told, classes, records):
    """The lines of truth.jsonl. LabError where the box has no record of a flow."""
    lines = []
    for flow, outcome in zip(plan, told):
        record = records.get(flow.port)
        if record is None:
            raise ground.LabError(f"the box has no record of the flow from port {flow.port}")
        control = records.get(flow.control, {}).get("id")
        lines.append(record | _label(record, classes) |
                     {"cc": outcome["cc"], "rtt_ms": flow.rtt_ms, "cause": flow.cause(), **_cause_numbers(flow), "control": control})
    return lines


def _cause_numbers(flow):
    cause = flow.cause()
    return {"cause_rate_bps": flow.rate if cause in ("drop_tail", "tbf") else None,
            "cause_queue_bytes": max(flow.more["burst"], truth_plan.LEAST_QUEUE) if cause == "drop_tail" else None,
            "cause_share": flow.more["share"] if cause == "random_loss" else None}


def _versions(book):
    """What the run was made with."""
    with open(book, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {"commit": made_with.commit(), "book_sha256": digest, "kernel": made_with.kernel(), "slowlane": made_with.versions()}

"""A flow of a capture, played again over real TCP through the box, beside a control with every payload bit turned over
(facts L1, B1): `scripts/experiments replay CAPTURE --flow ID`."""

import ipaddress
import json
import os
import subprocess
import sys

from lab_parts import boxes, figures, ground

from . import bench, hellos, made_with, sessions

capture_files = figures.capture_files
SENT_AT_ONCE = 1 << 20
ROUNDS = 3
MOST = sessions.PICTURE  # payload bytes of a flow that are played: at 140 kbit/s more would take minutes


def flows(path):
    """The flows of a capture as slowlane numbers them."""
    said = subprocess.run([boxes.binary(), "replay", path, "--book", os.path.join(boxes.TOP, "rules/book/demo.cfg"), "--flows", "-"],
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if said.returncode != 0:
        raise ground.LabError(f"{path}: {said.stderr.strip()[-300:]}")
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


def conversation(path, flow):
    """What each side said, in turns: [(side, bytes)], and how many bytes of it the capture does not hold."""
    client = (ipaddress.ip_address(flow["client"]).packed, flow["client_port"])
    server = (ipaddress.ip_address(flow["server"]).packed, flow["server_port"])
    turns, expected, missing = [], {}, 0
    for frame, segment in capture_files.packets(path):
        if segment is None or segment.protocol != 6 or {segment.flow[:2], segment.flow[2:]} != {client, server}:
            continue
        side = "client" if segment.flow[:2] == client else "server"
        if segment.flags & capture_files.SYN:
            expected[side] = (segment.seq + 1) & 0xFFFFFFFF
            continue
        ahead = (segment.seq - expected.setdefault(side, segment.seq) + 2**31) % 2**32 - 2**31
        if segment.payload <= 0 or ahead + segment.payload <= 0:
            continue
        data = capture_files.payload(frame, segment)
        missing += segment.payload - len(data) + max(ahead, 0)
        data = bytes(max(ahead, 0)) + data + bytes(segment.payload - len(data))
        expected[side] = (segment.seq + segment.payload) & 0xFFFFFFFF
        turns.append((side, data[max(-ahead, 0):]))
    return turns, missing


def steps(turns, inverted):
    """A session's steps: each first packet of a turn is sent on its own, so that a hello stays in its segment."""
    turn = hellos.inverted if inverted else bytes
    return [sessions.send(side, turn(data)) for side, data in _joined(turns)]


def shortened(turns):
    """The turns up to MOST bytes, and how many bytes come behind them."""
    total, kept = 0, []
    for side, data in turns:
        if total < MOST:
            kept.append((side, data[:MOST - total]))
        total += len(data)
    return kept, max(total - MOST, 0)


def _joined(turns):
    """Later packets of one side's turn together, as its program wrote them."""
    out, fresh = [], True
    for side, data in turns:
        if out and out[-1][0] == side and not fresh and len(out[-1][1]) + len(data) < SENT_AT_ONCE:
            out[-1] = (side, out[-1][1] + data)
        else:
            fresh = not out or out[-1][0] != side
            out.append((side, data))
    return out


def play(path, flow_id, profile, out, rounds=ROUNDS):
    """Original and control by turns; returns what the page and the exit code need. Captures of the last round of each stay."""
    flow = next((f for f in flows(path) if f["id"] == flow_id), None)
    if flow is None or flow["transport"] != "tcp":
        raise ground.LabError(f"{path}: no TCP flow has the id {flow_id}; slowlane replay --flows - numbers them")
    turns, missing = conversation(path, flow)
    if not turns:
        raise ground.LabError(f"{path}: flow {flow_id} carries no payload")
    turns, left_out = shortened(turns)
    way = "down" if sum(len(d) for s, d in turns if s == "server") >= sum(len(d) for s, d in turns if s == "client") else "up"
    found = {"original": [], "control": []}
    with bench.Bench(out) as place:
        place.use_profile("replay", profile)
        for number in range(rounds):
            for name in found:
                one = sessions.session(f"{name} {number + 1}", steps(turns, name == "control"), port=flow["server_port"], seconds=180)
                result = place.play([one], capture=name)[one["id"]]
                wire = result.wire.get(way)
                print(f"{one['id']}: {figures.rate_text(wire.goodput() if wire else None)}", file=sys.stderr, flush=True)
                found[name].append({"bps": wire.goodput() if wire else 0, "whole": result.whole(), "bytes": wire.new_bytes() if wire else 0})
    found = {"flow": flow["id"], "host": flow["host"], "profile": profile, "direction": way, "bytes_not_captured": missing,
             "bytes_left_out": left_out, **found, "capture": os.path.abspath(path), "command": made_with.command(),
             "run": made_with.run()}
    with open(os.path.join(out, "replay.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    return found


def table(found):
    rows = [[name, number, figures.rate_text(one["bps"]), one["bytes"], "yes" if one["whole"] else "no"]
            for name in ("original", "control") for number, one in enumerate(found[name], 1)]
    note = f"\n{found['bytes_not_captured']:,} bytes of the flow are not in the capture: zeros were sent." if found["bytes_not_captured"] else ""
    if found["bytes_left_out"]:
        note += f"\nIts first {MOST:,} bytes were played; {found['bytes_left_out']:,} behind them were not."
    return figures.table(["what", "round", "goodput", "payload bytes", "whole"], rows) + note

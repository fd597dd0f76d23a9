"""Reads a folder of ground truth (docs/detectors.md): its flows with their labels, and each flow's own part of its run's
captures."""

import ipaddress
import json
import os
from collections import defaultdict
from dataclasses import dataclass

import capture_files

PLACES = {"client": "client.pcapng", "server": "server.pcapng", "box_inside": "box-inside.pcapng", "box_outside": "box-outside.pcapng"}


@dataclass
class Labelled:
    """A flow: its run's folder, its line of truth.jsonl, and the one of its control where it has one."""
    folder: str
    truth: dict
    control: dict

    def kind(self):
        """What it is counted as: its look-alike's cause, else its label; a bucket that it shares is a kind of its own."""
        if self.truth["cause"]:
            return self.truth["cause"]
        shared = self.truth["label"] == "police" and self.truth["scope"] != "flow"
        return "police, shared" if shared else self.truth["label"]


def read(folder):
    """All flows of a set, in order. ValueError where there is none, or where a run's lines are wrong."""
    flows = []
    for base, _, files in sorted(os.walk(folder)):
        if "truth.jsonl" in files:
            flows += _read_run(base)
    if not flows:
        raise ValueError(f"{folder}: no truth.jsonl in it")
    return flows


def _read_run(folder):
    path = os.path.join(folder, "truth.jsonl")
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    ids = {line["id"]: line for line in lines}
    for line in lines:
        if missing := {"label", "cause", "scope", "client_port", "rate_bps"} - line.keys():
            raise ValueError(f"{path}: no {missing.pop()} in a line")
    if len({ends(line) for line in lines}) < len(lines):
        raise ValueError(f"{path}: two flows between the same ends cannot be told apart in a capture")
    return [Labelled(folder, line, ids.get(line.get("control"))) for line in lines]


def ends(line):
    """What tells a flow's packets from others: both ends, in either order."""
    return frozenset((ipaddress.ip_address(line[side]).packed, line[f"{side}_port"]) for side in ("client", "server"))


def cut(folder, place, lines, out):
    """Writes each of these flows' packets, as seen in one place of a run, to a file of its own in OUT; their paths, by
    the flow's id. Each capture is read once."""
    frames, wanted = defaultdict(list), {ends(line): line["id"] for line in lines}
    for frame, segment in capture_files.packets(os.path.join(folder, PLACES[place])):
        flow = wanted.get(frozenset((segment.flow[:2], segment.flow[2:]))) if segment else None
        if flow is not None:
            frames[flow].append(frame)
    paths = {}
    for line in lines:
        paths[line["id"]] = os.path.join(out, f"{place}-{line['id']}.pcapng")
        capture_files.write(paths[line["id"]], frames[line["id"]], "one flow")
    return paths

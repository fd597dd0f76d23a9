"""Figures out of captures: what one direction of a conversation carried, when, and how often it was sent again."""

import collections
import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from . import boxes

sys.path.insert(0, os.path.join(boxes.TOP, "scripts"))
import capture_files  # noqa: E402


@dataclass
class Direction:
    """One direction of one TCP conversation: (time in s, IP bytes, sequence, payload) of each packet. It begins and ends
    with payload; acknowledgements of the other direction are in between."""
    flow: tuple
    packets: list

    def begin(self):
        return self.packets[0][0]

    def end(self):
        return self.packets[-1][0]

    def loaded(self):
        return sum(1 for p in self.packets if p[3])

    def until(self, size):
        """The same up to where so much payload had come for the first time: without what a protocol says at its end."""
        total = 0
        for number, (_, _, _, new) in enumerate(_news(self.packets), 1):
            total += new
            if total >= size:
                return Direction(self.flow, self.packets[:number])
        return self

    def rate(self, after=0.0):
        """Bits a second on the wire, IP bytes, from so long after the first packet to the last. The first packet of the
        span opens it and is not counted."""
        span = [p for p in self.packets if p[0] >= self.begin() + after]
        if len(span) < 2 or span[-1][0] == span[0][0]:
            return None
        return sum(p[1] for p in span[1:]) * 8 / (span[-1][0] - span[0][0])

    def new_bytes(self):
        """Payload without what came twice."""
        return sum(size for _, size in self.steps())

    def steps(self):
        """(time, bytes never seen before) in order."""
        return [(time, new) for time, _, _, new in _news(self.packets)]

    def goodput(self):
        steps = self.steps()
        return sum(n for _, n in steps) * 8 / (self.end() - self.begin()) if self.end() > self.begin() else None

    def sent_again(self):
        """Packets with payload of which all had been sent before."""
        return sum(1 for _, _, size, new in _news(self.packets) if size and not new)

    def longest_gap(self):
        times = [p[0] for p in self.packets]
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)


def _news(packets):
    """(time, IP bytes, payload, bytes of it that are new) of each packet; sequence numbers wrap."""
    covered, out = [], []
    base = packets[0][2] if packets else 0
    for time, ip_bytes, seq, size in packets:
        start = (seq - base + 2**31) % 2**32 - 2**31
        new = _cover(covered, start, start + size) if size else 0
        out.append((time, ip_bytes, size, new))
    return out


def _cover(covered, start, end):
    """Adds an interval to a sorted list of disjoint ones; returns how much of it was not there."""
    new, at = end - start, len(covered)
    while at > 0 and covered[at - 1][1] >= start:
        at -= 1
    upto = at
    while upto < len(covered) and covered[upto][0] <= end:
        low, high = covered[upto]
        new -= max(0, min(high, end) - max(low, start))
        upto += 1
    touched = covered[at:upto]
    covered[at:upto] = [(min([start] + [t[0] for t in touched]), max([end] + [t[1] for t in touched]))]
    return new


def directions(path, port):
    """The directions of the TCP conversations with a server port: {"down": [...], "up": [...]}, in order of time."""
    found = {}
    for segment in capture_files.segments(path):
        if segment.protocol == 6 and port in (segment.flow[1], segment.flow[3]):
            found.setdefault(segment.flow, []).append((segment.time / 1e9, segment.ip_bytes, segment.seq, segment.payload))
    out = {"down": [], "up": []}
    for flow, packets in found.items():
        loaded = [i for i, packet in enumerate(packets) if packet[3]]
        if loaded:
            out["down" if flow[1] == port else "up"].append(Direction(flow, packets[loaded[0]:loaded[-1] + 1]))
    return out


def pairs(came, left, port, way):
    """Each TCP packet of a direction that came to the box: (segment, seconds until it left; None where it did not)."""
    def wanted(segment):
        return segment.protocol == 6 and segment.flow[1 if way == "down" else 3] == port
    out = {}
    for segment in filter(wanted, capture_files.segments(left)):
        out.setdefault((segment.flow, segment.fingerprint), collections.deque()).append(segment.time)
    found = []
    for segment in filter(wanted, capture_files.segments(came)):
        times = out.get((segment.flow, segment.fingerprint))
        while times and times[0] < segment.time:
            times.popleft()
        found.append((segment, (times.popleft() - segment.time) / 1e9 if times else None))
    return found


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def write_series(path, curves, every=0.5):
    """A series as slowlane replay writes it, for scripts/plot. `curves`: (key, direction, sent packets at the sender,
    packets at the receiver, rate or None), packets being (time, bytes) from the same zero."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["time_s", "key", "direction", "offered_bytes", "sent_bytes", "dropped_bytes", "held_bytes", "made_bytes",
                       "rate_bps", "rate_scope"])
        for key, direction, offered, arrived, rate in curves:
            length = int(max([t for t, _ in offered + arrived], default=0) / every) + 1
            sums = [[0, 0] for _ in range(length)]
            for column, packets in enumerate((offered, arrived)):
                for time, size in packets:
                    sums[max(int(time / every), 0)][column] += size
            for step, (came, went) in enumerate(sums):
                rows.writerow([f"{step * every:.3f}", key, direction, came, went, max(came - went, 0), 0, 0, rate or "",
                               "flow" if rate else ""])


def write_packets(path, pairs):
    """One direction's packets as slowlane replay writes them, for scripts/plot."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["time_in", "time_out", "flow", "direction", "bytes", "fate", "class", "seq", "payload"])
        for segment, held in pairs:
            left = segment.time + int((held or 0) * 1e9)
            rows.writerow([*(f"{t // 10**9}.{t % 10**9:09}" for t in (segment.time, left)), 1, "down", segment.ip_bytes,
                           "dropped" if held is None else "sent", "slow", segment.seq, segment.payload])


def plot(source, picture, title, *more):
    """Draws a series or packets with scripts/plot."""
    subprocess.run([os.path.join(boxes.TOP, "scripts/plot"), source, "--title", title, "-o", picture, *more], check=True)


def table(heads, rows):
    """A table in Markdown."""
    cells = [[str(cell) for cell in row] for row in [heads, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def rate_text(bps):
    if bps is None:
        return "-"
    for unit, size in ("Gbit/s", 1e9), ("Mbit/s", 1e6):
        if bps >= size:
            return f"{bps / size:.3g} {unit}"
    return f"{bps / 1e3:.4g} kbit/s"


def keep(run, name, found, text):
    """Writes what was found as JSON and as text, and prints the text."""
    with open(run.path(f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    with open(run.path(f"{name}.md"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text, flush=True)

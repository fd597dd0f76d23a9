"""Reads one download or upload out of a capture of one end, for detectors that compare two: when its payload arrived, and
how long it took from its first packet on."""

from dataclasses import dataclass

import capture_files
import transfers


@dataclass
class Fetch:
    """The direction of a TCP conversation that carried most: its name, when its first and last packets of all were seen
    (ns), and (ns, bytes of payload) of what passed. Packets that were lost behind this end, and sent again, are not in it."""
    name: str
    begin: int
    end: int
    steps: list

    def size(self):
        return sum(size for _, size in self.steps)

    def speed(self, wanted):
        """Bits of payload a second up to so many bytes, or up to the conversation's end where they never came; the
        handshake's time counts."""
        total, end = 0, self.end
        for time, size in self.steps:
            total += size
            if total >= wanted:
                end = time
                break
        return total * 8e9 / (end - self.begin) if end > self.begin else 0.0

    def samples(self, count):
        """Bits a second in each of so many spans of equal length, from the first payload to the last. The last span is
        left out, as Wehe does: it seldom is whole."""
        first, last = self.steps[0][0], self.steps[-1][0]
        if last == first:
            return []
        bins = [0] * (count + 1)
        for time, size in self.steps:
            bins[(time - first) * count // (last - first)] += size
        return [size * 8e9 * count / (last - first) for size in bins[:count - 1]]


def biggest(path):
    """The fetch that carried most in a capture; ValueError where there is none."""
    flows = {}
    for segment in capture_files.segments(path):
        if segment.protocol == 6:
            flows.setdefault(frozenset((segment.flow[:2], segment.flow[2:])), []).append(segment)
    found = [fetch for packets in flows.values() for flow in {packet.flow for packet in packets} if (fetch := _fetch(packets, flow))]
    if not found:
        raise ValueError(f"{path}: no TCP payload")
    return max(found, key=Fetch.size)


def _fetch(packets, flow):
    trace = transfers.Transfer(packets, flow).trace
    steps = [(event.time, event.end - event.start) for event in trace.events if not event.lost]
    times = [packet.time for packet in packets]
    return Fetch(trace.name, min(times), max(times), sorted(steps)) if steps else None

"""Reads captures as traces for scripts/detect-policing: one flow's packets of one direction, in order of sending, each
with whether it was lost. Two captures, of both sides of a box, tell what was lost; with one capture from either end of a
TCP transfer losses are read from retransmissions and holes."""

import bisect
from collections import defaultdict, deque
from dataclasses import dataclass, field

import capture_files

REORDERED_NS = 2_000_000  # what fills a hole this soon was not lost


@dataclass
class Event:
    """A packet that was sent: when, its IP bytes, whether it was lost, the round trip (or the time in the box)."""
    time: int
    bytes: int
    lost: bool = False
    delay: int = None
    start: int = 0
    end: int = 0


@dataclass
class Trace:
    """One flow's packets of one direction, in order of sending. `exact`: seen at the box itself, both sides."""
    name: str
    events: list = field(default_factory=list)
    exact: bool = False

    def losses(self):
        return sum(event.lost for event in self.events)


def share_of(values, share):
    """The value that this share of the values lies below."""
    values = sorted(values)
    return values[min(int(len(values) * share), len(values) - 1)]


def pair_traces(sent, received, by):
    """Traces from what went into a box and what came out of it."""
    left = defaultdict(deque)
    for segment in capture_files.segments(received):
        left[segment.flow, segment.fingerprint].append(segment.time)
    exact_times = {key: set(times) for key, times in left.items()}
    traces = {}
    for segment in capture_files.segments(sent):
        key = segment.flow, segment.fingerprint
        out = _time_out(left.get(key), exact_times.get(key), segment.time)
        name = _group(segment.flow, by)
        trace = traces.setdefault(name, Trace(name, exact=True))
        delay = None if out is None else out - segment.time
        trace.events.append(Event(segment.time, segment.ip_bytes, out is None, delay))
    return list(traces.values())


def _group(flow, by):
    if by == "flow":
        return capture_files.name_of(flow)
    return capture_files.name_of(flow).split(" > ")[1].rsplit(":", 1)[0] if by == "host" else "all"


def _time_out(times, exact, time):
    """When a packet came out. Identical packets (retransmissions) are told apart by time: at once, else the next."""
    if not times:
        return None
    if time in exact:
        times.remove(time)
        exact.discard(time)
        return time
    while times and times[0] < time:
        times.popleft()
    # A copy that leaves at the very time a later one arrives belongs to that one; only held packets wait this long.
    return times.popleft() if times else None


def single_traces(path):
    """Traces of TCP transfers from a capture at either end."""
    flows = defaultdict(list)
    for segment in capture_files.segments(path):
        if segment.protocol == 6:
            ends = tuple(sorted((segment.flow[:2], segment.flow[2:])))
            flows[ends].append(segment)
    traces = []
    for packets in flows.values():
        for flow in {packet.flow for packet in packets}:
            trace = Transfer(packets, flow).trace
            if trace.events:
                traces.append(trace)
    return traces


class Transfer:
    """One direction of one TCP connection: finds losses and round trips."""

    def __init__(self, packets, flow):
        self.trace = Trace(capture_files.name_of(flow))
        self.base = None
        self.high = None
        self.starts, self.latest = [], []  # of each new segment: its start, and the event that last carried it
        self.holes = []                    # [start, end, events]
        self.unacked, self.acked, self.duplicate = deque(), None, 0
        self.echoes, self.echo_times = {}, []
        for packet in packets:
            if packet.flow == flow:
                self._data(packet)
            else:
                self._reply(packet)
        self._choose_round_trips()

    def _relative(self, number):
        return ((number - self.base + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)

    def _data(self, packet):
        if packet.flags & capture_files.SYN or packet.payload <= 0:
            return
        if self.base is None:
            self.base, self.high = packet.seq, 0
        start = self._unwrapped(packet.seq)
        event = Event(packet.time, packet.ip_bytes, start=start, end=start + packet.payload)
        heard = self.echoes.get(packet.ts_echo)
        self.echo_times.append((event, packet.time - heard if heard is not None and packet.ts_echo else None))
        if start >= self.high:
            if start > self.high:
                self._hole(self.high, start, packet)
            self._append(event)
            self.unacked.append(event)
            self.high = event.end
        elif not self._fill(event):
            self._retransmitted(event)
        self.trace.events.append(event)

    def _unwrapped(self, seq):
        near = self._relative(seq)
        return near + round((self.high - near) / (1 << 32)) * (1 << 32)

    def _append(self, event):
        self.starts.append(event.start)
        self.latest.append(event)

    def _hole(self, start, end, packet):
        """Seen behind the loss: the bytes that never came this far are lost packets, sent between those that did."""
        size = max(packet.payload, 1)
        count = -(-(end - start) // size)
        before = self.trace.events[-1].time
        lost, at = [], start
        for i in range(count):
            time = before + (packet.time - before) * (i + 1) // (count + 1)
            fits = min(size, end - at)
            lost.append(Event(time, fits + packet.ip_bytes - packet.payload, True, start=at, end=at + fits))
            at += fits
        self.trace.events.extend(lost)
        self.holes.append([start, end, lost])

    def _fill(self, event):
        for hole in self.holes:
            if hole[0] <= event.start < hole[1]:
                for lost in hole[2]:
                    # Reordered, not lost: it comes right behind.
                    if lost.start < event.end and event.start < lost.end and event.time - lost.time < REORDERED_NS:
                        lost.lost = None
                hole[0] = max(hole[0], event.end) if event.start == hole[0] else hole[0]
                self.holes = [hole for hole in self.holes if hole[0] < hole[1]]
                return True
        return False

    def _retransmitted(self, event):
        """Seen in front of the loss: what is sent again was lost before."""
        at = max(bisect.bisect_right(self.starts, event.start) - 1, 0)
        while at < len(self.starts) and self.starts[at] < event.end:
            earlier = self.latest[at]
            if earlier.end > event.start and (self.acked is None or earlier.end > self.acked):
                earlier.lost = True
                self.latest[at] = event
            at += 1

    def _reply(self, packet):
        if packet.ts_value:
            self.echoes.setdefault(packet.ts_value, packet.time)
        if self.base is None or not packet.flags & capture_files.ACK:
            return
        acked, event = self._unwrapped(packet.ack), None
        if acked == self.acked and packet.payload == 0:
            self.duplicate = packet.time
        self.acked = acked
        while self.unacked and self.unacked[0].end <= acked:
            event = self.unacked.popleft()
        # What waited behind a hole, as duplicates tell, is no round trip.
        if event and not event.lost and event.time > self.duplicate:
            event.delay = packet.time - event.time

    def _choose_round_trips(self):
        """At the sender a round trip lies between data and its acknowledgement, at the receiver between what it sent
        and the data that echoes that time stamp."""
        self.trace.events = [event for event in self.trace.events if event.lost is not None]
        acked = [event.delay for event in self.trace.events if event.delay is not None]
        echoed = [time for _, time in self.echo_times if time is not None]
        if acked and echoed and share_of(echoed, 0.25) > share_of(acked, 0.25):
            for event, time in self.echo_times:
                event.delay = time

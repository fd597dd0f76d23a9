"""TCP senders for tests of detectors: frames as a capture has them, made without a network."""

import heapq
import importlib.machinery
import importlib.util
import os
import random
import struct
import sys

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
sys.dont_write_bytecode = True
sys.path.insert(0, SCRIPTS)
import capture_files  # noqa: E402


def script(name):
    """A command of scripts/ as a module."""
    module = name.replace("-", "_")
    loader = importlib.machinery.SourceFileLoader(module, os.path.join(SCRIPTS, name))
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader(module, loader))
    sys.modules[module] = made
    loader.exec_module(made)
    return made


SECOND = 10**9
CLIENT, SERVER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 7])


def tcp_frame(time, source, target, ports, seq, ack, payload, number, stamps=(0, 0)):
    options = b"\x01\x01\x08\x0a" + struct.pack(">II", *stamps)
    tcp = struct.pack(">HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 8 << 4, 16, 1000, 0, 0) + options
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 52 + payload, number & 0xFFFF, 0x4000, 64, 6, 0) + source + target
    data = bytes(12) + b"\x08\x00" + ip + tcp
    return capture_files.Frame(time, data, len(data) + payload, capture_files.ETHERNET)


def download(seconds, rate, seed, size=1448):
    """An uneven sender: IP bytes at `rate` bits a second on average. The same frames for everybody with the seed."""
    draw, time, seq, frames = random.Random(seed), SECOND, 1000, []
    while time < (seconds + 1) * SECOND:
        frames.append(tcp_frame(int(time), SERVER, CLIENT, (443, 40000), seq, 1, size, len(frames)))
        seq += size
        time += (size + 52) * 8 / rate * SECOND * draw.uniform(0.2, 1.8)
    return frames


class Sender:
    """A closed loop at a round trip of 30 ms: a window that grows with what arrives and shrinks with what is lost, on a
    line of four times `rate`. What is lost is sent again a round trip later, and when that is lost too, 200 ms later and
    twice as long each time. Between the times of a pause it does nothing. `admit(time, bytes)` says how long a packet is
    held on its way, or None: lost."""
    TRIP = 30_000_000

    def __init__(self, rate, admit, pauses=(), segments=600, port=40000):
        self.port = port
        self.gap, self.admit, self.pauses = int(1500 * 8 / (4 * rate) * SECOND), admit, pauses
        self.at_sender, self.at_receiver, self.got, self.high = [], [], set(), 1000
        self.waiting = [1000 + i * 1448 for i in range(segments)]
        self.news, self.again, self.tries = [], [], {}  # (when known, segment, lost); (when due, segment)
        self.window, self.flying, self.shrunk, self.free = 10.0, 0, 0, SECOND
        self._send(SECOND)
        while self.news or self.again:
            time, seq, lost = heapq.heappop(min((heap for heap in (self.news, self.again) if heap), key=lambda heap: heap[0]))
            time = next((end for start, end in self.pauses if start <= time < end), time)
            self._heard(time, seq, lost)
            self._send(time)
        order = lambda frame: frame.time  # noqa: E731
        self.ends = ("sender", sorted(self.at_sender, key=order)), ("receiver", sorted(self.at_receiver, key=order))

    def _heard(self, time, seq, lost):
        if lost is None:
            self.waiting.insert(0, seq)
            return
        self.flying -= 1
        if not lost:
            self.window += 1 / self.window
            return
        tries = self.tries[seq] = self.tries.get(seq, 0) + 1
        heapq.heappush(self.again, (time + (2 ** min(tries - 2, 4) * 200_000_000 if tries > 1 else 0), seq, None))
        if time > self.shrunk:
            self.window, self.shrunk = max(2.0, self.window * 0.7), time + self.TRIP

    def _send(self, now):
        while self.waiting and self.flying < self.window:
            time = self.free = max(now, self.free + self.gap)
            seq, number = self.waiting.pop(0), len(self.at_sender) + 1
            frame = tcp_frame(time, SERVER, CLIENT, (443, self.port), seq, 1, 1448, number, (number, number))
            self.at_sender.append(frame)
            self.flying += 1
            held = self.admit(time, 1500)
            heapq.heappush(self.news, (time + self.TRIP + (held or 0), seq, held is None))
            if held is not None:
                self._arrives(frame._replace(time=time + self.TRIP // 2 + held), seq, number)

    def _arrives(self, frame, seq, number):
        self.at_receiver.append(frame)
        self.got.add(seq)
        while self.high in self.got:
            self.high += 1448
        reply = tcp_frame(frame.time, CLIENT, SERVER, (self.port, 443), 1, self.high, 0, number, (number, number))
        self.at_receiver.append(reply)
        self.at_sender.append(reply._replace(time=frame.time + self.TRIP // 2))


def bucket(rate, burst):
    """What a policer admits, in bits a second and bytes."""
    state = {"tokens": burst, "last": 0}

    def admit(time, size):
        state["tokens"] = min(burst, state["tokens"] + (time - state["last"]) / SECOND * rate / 8)
        state["last"] = time
        if state["tokens"] < size:
            return None
        state["tokens"] -= size
        return 0
    return admit


def queue(rate, depth):
    """What a queue holds and drops when it is full."""
    free = [0]

    def admit(time, size):
        waits = max(free[0] - time, 0)
        if waits / SECOND * rate / 8 + size > depth:
            return None
        free[0] = time + waits + int(size * 8 / rate * SECOND)
        return free[0] - time
    return admit

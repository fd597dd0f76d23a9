"""scripts/detect-policing against senders and boxes whose truth is known: every rate within 5 %, no false alarm."""

import importlib.machinery
import importlib.util
import os
import random
import struct
import sys
import tempfile
import unittest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
sys.dont_write_bytecode = True
sys.path.insert(0, SCRIPTS)
import capture_files  # noqa: E402

_loader = importlib.machinery.SourceFileLoader("detect_policing", os.path.join(SCRIPTS, "detect-policing"))
detector = importlib.util.module_from_spec(importlib.util.spec_from_loader("detect_policing", _loader))
sys.modules["detect_policing"] = detector
_loader.exec_module(detector)

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


def ip_bytes(frame):
    return frame.length - 14


def police(frames, rate, burst):
    tokens, last, out = burst, frames[0].time, []
    for frame in frames:
        tokens = min(burst, tokens + (frame.time - last) / SECOND * rate / 8)
        last = frame.time
        if tokens >= ip_bytes(frame):
            tokens -= ip_bytes(frame)
            out.append(frame)
    return out


def shape(frames, rate, queue):
    free, out = 0, []
    for frame in frames:
        if (max(free, frame.time) - frame.time) / SECOND * rate / 8 > queue:
            continue
        free = max(free, frame.time) + ip_bytes(frame) * 8 / rate * SECOND
        out.append(frame._replace(time=int(free)))
    return out


class Pairs(unittest.TestCase):
    def judge(self, sent, received, **wanted):
        with tempfile.TemporaryDirectory() as folder:
            before, after = os.path.join(folder, "in.pcapng"), os.path.join(folder, "out.pcapng")
            capture_files.write(before, sent, "in")
            capture_files.write(after, received, "out")
            traces = detector.pair_traces(before, after, "flow")
        self.assertEqual(len(traces), 1)
        answer = detector.judge(traces[0])
        for key, value in wanted.items():
            self.assertEqual(answer[key], value, answer)
        return answer

    def test_recovers_rate_and_burst_of_a_policer(self):
        for rate in 64_000, 140_000, 1_000_000, 10_000_000:
            for burst in 6_000, 16_384, 100_000:
                with self.subTest(rate=rate, burst=burst):
                    sent = download(20 if rate < 5_000_000 else 4, 3 * rate, seed=rate + burst)
                    answer = self.judge(sent, police(sent, rate, burst), verdict="policed")
                    self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.03)
                    self.assertLess(abs(answer["burst_bytes"] - burst), 0.1 * burst + 1500)
                    self.assertGreater(answer["score"], 0.9)

    def test_random_loss_is_not_policing(self):
        for share in 0.02, 0.1, 0.4:
            with self.subTest(share=share):
                draw = random.Random(5)
                sent = download(20, 1_000_000, seed=7)
                answer = self.judge(sent, [frame for frame in sent if draw.random() >= share], verdict="lossy")
                self.assertLess(answer["score"], 0.9)

    def test_shaping_is_not_policing(self):
        for queue in 8_000, 65_536, 10_000_000:
            with self.subTest(queue=queue):
                sent = download(20, 1_000_000, seed=9)
                answer = self.judge(sent, shape(sent, 400_000, queue), verdict="shaped")
                self.assertLess(abs(answer["rate_bps"] / 400_000 - 1), 0.05)

    def test_delay_alone_is_nothing(self):
        sent = download(10, 1_000_000, seed=3)
        self.judge(sent, [frame._replace(time=frame.time + 80_000_000) for frame in sent], verdict="none")

    def test_nothing_lost_is_nothing(self):
        sent = download(10, 1_000_000, seed=3)
        self.judge(sent, sent, verdict="none", lost_packets=0)

    def test_a_few_losses_say_nothing(self):
        sent = download(5, 1_000_000, seed=3)
        self.judge(sent, sent[:100] + sent[105:], verdict="inconclusive", lost_packets=5)


class Transfers(unittest.TestCase):
    """A simple closed loop: what is lost is sent again a round trip later, with 30 ms of round trip."""
    TRIP = 30_000_000

    def transfer(self, rate, admit):
        """Frames at the sender and at the receiver; `admit(time, bytes)` decides what passes."""
        import heapq
        todo, number, at_sender, at_receiver = [], 0, [], []
        gap = int(1500 * 8 / (2 * rate) * SECOND)
        for i in range(600):
            heapq.heappush(todo, (SECOND + i * gap, 1000 + i * 1448))
        got, high = set(), 1000
        while todo:
            time, seq = heapq.heappop(todo)
            number += 1
            frame = tcp_frame(time, SERVER, CLIENT, (443, 40000), seq, 1, 1448, number, (number, number))
            at_sender.append(frame)
            if not admit(time, 1500):
                heapq.heappush(todo, (time + 2 * self.TRIP, seq))
                continue
            at_receiver.append(frame._replace(time=time + self.TRIP // 2))
            got.add(seq)
            while high in got:
                high += 1448
            reply = tcp_frame(time + self.TRIP // 2, CLIENT, SERVER, (40000, 443), 1, high, 0, number, (number, number))
            at_receiver.append(reply)
            at_sender.append(reply._replace(time=time + self.TRIP))
        order = lambda frame: frame.time  # noqa: E731
        return sorted(at_sender, key=order), sorted(at_receiver, key=order)

    def bucket(self, rate, burst):
        state = {"tokens": burst, "last": 0}

        def admit(time, size):
            state["tokens"] = min(burst, state["tokens"] + (time - state["last"]) / SECOND * rate / 8)
            state["last"] = time
            if state["tokens"] < size:
                return False
            state["tokens"] -= size
            return True
        return admit

    def answer(self, frames):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one.pcapng")
            capture_files.write(path, frames, "one end")
            traces = [trace for trace in detector.single_traces(path) if trace.losses()]
        self.assertEqual(len(traces), 1)
        return detector.judge(traces[0])

    def test_policer_is_seen_from_either_end(self):
        for rate in 500_000, 3_000_000:
            sender, receiver = self.transfer(rate, self.bucket(rate, 20_000))
            for end, frames in ("sender", sender), ("receiver", receiver):
                with self.subTest(rate=rate, end=end):
                    answer = self.answer(frames)
                    self.assertEqual(answer["verdict"], "policed", answer)
                    self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05)

    def test_random_loss_is_not_policing_from_either_end(self):
        draw = random.Random(11)
        for frames in self.transfer(2_000_000, lambda time, size: draw.random() >= 0.05):
            self.assertEqual(self.answer(frames)["verdict"], "lossy")


if __name__ == "__main__":
    unittest.main()

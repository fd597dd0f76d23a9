"""scripts/detect-policing against senders and boxes whose truth is known: every rate within 5 %, no false alarm."""

import itertools
import os
import random
import tempfile
import unittest

from senders import SECOND, Sender, bucket, capture_files, download, queue, script

detector = script("detect-policing")
transfers = detector.transfers


def pausing(frames, pauses):
    """The same sender, stopped for a while: `pauses` are shares of the frames after which it stops, and seconds."""
    stops = [(int(share * len(frames)), int(seconds * SECOND)) for share, seconds in pauses]
    return [frame._replace(time=frame.time + sum(pause for after, pause in stops if i >= after))
            for i, frame in enumerate(frames)]


# Shares of the transfer after which a sender stops, and for how many seconds.
PAUSES = {
    "one of 50 ms": [(0.5, 0.05)],
    "one of 300 ms": [(0.6, 0.3)],
    "one of 3 s": [(0.7, 3.0)],
    "many": [(0.3, 0.1), (0.45, 3.0), (0.5, 0.05), (0.6, 1.0), (0.8, 0.4), (0.82, 2.0), (0.9, 0.15)],
    "starved": [(i / 40, 0.1 + 0.02 * (i % 7)) for i in range(1, 40)],
}
RATES = 140_000, 500_000, 1_500_000, 5_000_000
BURSTS = 1_536, 6_000, 16_384, 65_536, 262_144


# All of it takes minutes: DETECT_EVERYTHING=1.
EVERY, SEEDS = (1, 60) if os.environ.get("DETECT_EVERYTHING") else (9, 8)


def each_case(every):
    """Every so many of all rates, bursts and pauses; no two neighbours share them all."""
    cases = [(rate, burst, name) for burst in BURSTS for name in PAUSES for rate in RATES]
    return cases[::every]


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


def late(frames, seed):
    """What a box whose processor is elsewhere now and then makes of frames: it looks at those of up to 40 ms at once."""
    draw, looks, out = random.Random(seed), frames[0].time, []
    for frame in frames:
        if frame.time > looks:
            looks = frame.time + (draw.randrange(40_000_000) if draw.random() < 0.02 else 0)
        out.append(frame._replace(time=max(looks, frame.time)))
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
            traces = transfers.pair_traces(before, after, "flow")
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

    def test_recovers_rate_and_burst_though_the_sender_pauses(self):
        judged = 0
        for rate, burst, name in each_case(EVERY):
            with self.subTest(rate=rate, burst=burst, pauses=name):
                lasts = (1500 * 600 + 2 * burst) * 8 / (2.5 * rate)
                sent = pausing(download(lasts, 2.5 * rate, seed=rate + burst), PAUSES[name])
                received = police(sent, rate, burst)
                if len(sent) - len(received) < detector.LEAST:
                    continue
                judged += 1
                answer = self.judge(sent, received, verdict="policed")
                self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05, answer)
                self.assertLess(abs(answer["burst_bytes"] - burst), 0.1 * burst + 1500, answer)
        self.assertGreater(judged, 90 / EVERY)

    def test_recovers_the_rate_of_a_live_box_that_looks_late(self):
        for rate, burst in (1_000_000, 11_000), (3_500_000, 20_000), (2_000_000, 100_000):
            with self.subTest(rate=rate, burst=burst):
                sent = download(10, 2 * rate, seed=rate)
                answer = self.judge(sent, police(late(sent, rate), rate, burst), verdict="policed")
                self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.03, answer)

    def test_random_loss_in_a_live_box_is_not_policing(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                sent, draw = download(12, 2_000_000, seed), random.Random(seed)
                self.judge(sent, [frame for frame in late(sent, seed) if draw.random() >= (0.02, 0.1)[seed % 2]], verdict="lossy")

    def test_random_loss_is_not_policing(self):
        for seed in range(SEEDS):
            share = (0.02, 0.1, 0.2, 0.4)[seed % 4]
            with self.subTest(share=share, seed=seed):
                draw = random.Random(seed)
                sent = pausing(download(24 if share < 0.1 else 12, 1_000_000, seed), PAUSES["many"] if seed % 2 else [])
                answer = self.judge(sent, [frame for frame in sent if draw.random() >= share], verdict="lossy")
                self.assertLess(answer["score"], 0.9)

    def test_shaping_is_not_policing(self):
        for queue, pauses in itertools.product((8_000, 65_536, 10_000_000), ([], PAUSES["one of 300 ms"], PAUSES["many"])):
            with self.subTest(queue=queue, pauses=pauses):
                sent = pausing(download(20, 1_000_000, seed=9), pauses)
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
    """What is seen at either end of a transfer."""

    def answer(self, frames):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one.pcapng")
            capture_files.write(path, frames, "one end")
            traces = [trace for trace in transfers.single_traces(path) if "198.51.100.7:443 >" in trace.name]
        self.assertEqual(len(traces), 1)
        return detector.judge(traces[0])

    def test_policer_is_seen_from_either_end(self):
        for rate in 200_000, 500_000:
            for end, frames in Sender(rate, bucket(rate, 20_000)).ends:
                with self.subTest(rate=rate, end=end):
                    answer = self.answer(frames)
                    self.assertEqual(answer["verdict"], "policed", answer)
                    self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05)

    def test_policer_is_seen_by_a_sender_that_pauses(self):
        judged = 0
        for rate, burst, name in each_case(EVERY):
            # A bucket that is full again in a round trip, or holds one packet, does not show its rate.
            if burst < max(6000, rate / 8 * Sender.TRIP / SECOND):
                continue
            with self.subTest(rate=rate, burst=burst, pauses=name):
                answer = self.answer(Sender(rate, bucket(rate, burst), self.pauses(rate, burst, name)).ends[0][1])
                if answer["lost_packets"] < detector.LEAST:
                    continue
                judged += 1
                self.assertEqual(answer["verdict"], "policed", answer)
                self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05, answer)
        self.assertGreater(judged, 60 / EVERY)

    def test_a_full_queue_is_not_policing_though_the_sender_pauses(self):
        for rate, depth, name in each_case(EVERY):
            # A queue that the first flight fills is never seen empty.
            if depth < max(16_384, rate / 8 * Sender.TRIP / SECOND):
                continue
            with self.subTest(rate=rate, depth=depth, pauses=name):
                frames = Sender(rate, queue(rate, depth), self.pauses(rate, depth, name)).ends[0][1]
                self.assertNotEqual(self.answer(frames)["verdict"], "policed")

    def pauses(self, rate, burst, name):
        """Start and end of each pause; the bucket takes the time that the transfer needs."""
        lasts, shift, pauses = max(900_000 - burst, 0) * 8 / rate, 0, []
        for share, seconds in PAUSES[name]:
            start = 1 + share * lasts + shift
            pauses.append((int(start * SECOND), int((start + seconds) * SECOND)))
            shift += seconds
        return pauses

    def test_random_loss_is_not_policing_from_either_end(self):
        for seed in range(SEEDS):
            draw, share = random.Random(seed), (0.02, 0.05, 0.2)[seed % 3]
            pauses = [(SECOND * 2, SECOND * 3)] if seed % 2 else []
            for end, frames in Sender(2_000_000, lambda time, size: None if draw.random() < share else 0, pauses).ends:  # noqa: B023
                with self.subTest(seed=seed, share=share, end=end):
                    self.assertIn(self.answer(frames)["verdict"], ("lossy", "inconclusive") if share == 0.02 else ("lossy",))


if __name__ == "__main__":
    unittest.main()

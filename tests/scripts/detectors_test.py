"""scripts/detect-wehe, detect-crowd and detect-policing --published on what is known to be slowed and what is not."""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

import senders
from senders import SCRIPTS, SECOND, Sender, bucket, capture_files, queue

wehe, crowd, policing = (senders.script(name) for name in ("detect-wehe", "detect-crowd", "detect-policing"))
FREE, SLOW = 8_000_000, 300_000


def free(_time, _size):
    return 0


def losing(share, seed):
    draw = random.Random(seed)
    return lambda time, size: None if draw.random() < share else 0


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def capture(self, name, rate, admit, end=1, segments=400):
        path = os.path.join(self.folder, name + ".pcapng")
        capture_files.write(path, Sender(rate, admit, segments=segments).ends[end][1], name)
        return path

    def run_script(self, name, *arguments, code=0, text=None):
        done = subprocess.run([sys.executable, os.path.join(SCRIPTS, name), *map(str, arguments)], check=False, capture_output=True,
                              text=True, input=text)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Wehe(Case):
    def test_the_distance_and_p_of_two_sets_of_samples(self):
        # By hand: the distributions differ most between 3 and 4, by 3/4 less 1/4.
        distance, _ = wehe.ks_test([1, 2, 3, 5], [3.5, 4, 2.5, 6])
        self.assertAlmostEqual(distance, 0.5)
        # Abramowitz and Stegun, and every table of the Kolmogorov distribution: 1.3581 is exceeded in 5 % of cases.
        root = math.sqrt(50)
        self.assertAlmostEqual(wehe._kolmogorov(1.3581), 0.05, places=4)
        self.assertAlmostEqual(wehe._kolmogorov(1.6276), 0.01, places=4)
        self.assertEqual(wehe.ks_test(range(100), range(100)), (0.0, 1.0))
        self.assertAlmostEqual(wehe.ks_test(range(100), range(30, 130))[1],
                               wehe._kolmogorov(0.3 * (root + 0.12 + 0.11 / root)))

    def test_p_is_below_five_percent_in_five_percent_of_equal_pairs(self):
        draw = random.Random(5)
        low = sum(wehe.ks_test([draw.gauss(0, 1) for _ in range(100)], [draw.gauss(0, 1) for _ in range(100)])[1] < 0.05
                  for _ in range(400))
        self.assertTrue(6 <= low <= 34, low)

    def test_a_policed_transfer_differs_from_its_control(self):
        slow, control = self.capture("slow", FREE / 4, bucket(SLOW, 16_384)), self.capture("control", FREE / 4, free)
        answer, = self.run_script("detect-wehe", slow, control)
        self.assertEqual(answer["verdict"], "differentiated", answer)
        self.assertGreater(answer["area"], 0.7)
        self.assertLess(answer["ks_p"], 1e-6)
        self.assertGreater(answer["jackknife"], 0.95)
        self.assertLess(abs(answer["rate_bps"] / SLOW - 1), 0.2)

    def test_two_controls_do_not_differ(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                one, other = (self.capture(f"c{i}", FREE / 4, losing(0.001, seed * 2 + i), segments=1500) for i in range(2))
                answer, = self.run_script("detect-wehe", one, other)
                self.assertNotEqual(answer["verdict"], "differentiated", answer)

    def test_a_slower_control_is_no_differentiation(self):
        slow, quick = [float(10 + i % 5) for i in range(100)], [float(100 + i % 50) for i in range(100)]
        self.assertEqual(wehe.judge(slow, quick)["verdict"], "differentiated")
        self.assertEqual(wehe.judge(quick, slow)["verdict"], "inconclusive")
        self.assertEqual(wehe.judge(slow, slow)["verdict"], "none")

    def test_the_server_thresholds_ask_for_more(self):
        draw = random.Random(1)
        one, other = ([draw.gauss(mean, 5) for _ in range(100)] for mean in (70, 100))
        self.assertEqual(wehe.judge(one, other)["verdict"], "differentiated")
        self.assertEqual(wehe.judge(one, other, 0.5, 0.01)["verdict"], "inconclusive")

    def test_samples_come_from_lists_and_zeros_are_dropped(self):
        rows = "time_s,bps\n" + "".join(f"{i},{0 if i % 2 else 100 + i}\n" for i in range(100))
        samples = [100 + i for i in range(100) if not i % 2]
        answer, = self.run_script("detect-wehe", self.write("a.csv", rows), self.write("b.json", json.dumps([samples, list(range(50))])))
        self.assertEqual((answer["verdict"], answer["area"], answer["ks_d"]), ("none", 0.0, 0.0))

    def test_nothing_at_all_is_slower_than_something(self):
        self.assertEqual(wehe.judge([0.0] * 20, [100.0 + i for i in range(100)])["verdict"], "differentiated")

    def test_wrong_files_are_refused(self):
        self.run_script("detect-wehe", self.write("x.json", '{"a": 1}'), self.write("y.json", "[1"), code=1)
        self.run_script("detect-wehe", self.write("x.pcap", "no capture file, but more than 24 bytes"), "/nowhere", code=1)


class Crowd(Case):
    def test_the_rule_of_2021(self):
        tests = [(140_000, 9e6, "differentiated"), (399_999, 1e6, "differentiated"), (400_000, 1e6, "none"), (5e6, 9e6, "none"),
                 (140_000, 999_999, "inconclusive")]
        text = json.dumps([{"target_bps": target, "control_bps": control} for target, control, _ in tests])
        self.assertEqual([answer["verdict"] for answer in self.run_script("detect-crowd", "-", text=text)], [test[2] for test in tests])
        self.assertEqual(self.run_script("detect-crowd", self.write("one.json", '{"target_bps": 130000, "control_bps": 2600000}')),
                         [{"verdict": "differentiated", "rate_bps": 130000, "burst_bytes": None, "score": 0.95, "target_bps": 130000,
                           "control_bps": 2600000}])

    def test_fetches_in_captures(self):
        slow, control = self.capture("slow", FREE, bucket(140_000, 16_384)), self.capture("control", FREE, free)
        for target, verdict in (slow, "differentiated"), (control, "none"):
            answer, = self.run_script("detect-crowd", target, control)
            self.assertEqual(answer["verdict"], verdict, answer)
        answer, = self.run_script("detect-crowd", slow, slow)
        self.assertEqual(answer["verdict"], "inconclusive")

    def test_a_fetch_that_stalls_is_as_slow_as_it_is_long(self):
        frames = Sender(FREE, free, segments=60).ends[1][1][:80]
        # Minutes later its client gives up.
        path = os.path.join(self.folder, "stalled.pcapng")
        capture_files.write(path, [*frames, frames[0]._replace(time=frames[0].time + 120 * SECOND)], "stalled")
        answer, = self.run_script("detect-crowd", path, self.capture("control", FREE, free))
        self.assertEqual(answer["verdict"], "differentiated", answer)

    def test_wrong_input_is_refused(self):
        self.run_script("detect-crowd", "-", text='[{"target_bps": 1}]', code=1)
        self.run_script("detect-crowd", "-", text="nonsense", code=1)


class Published(Case):
    def judge(self, admit, rate=FREE / 4, segments=600):
        return self.run_script("detect-policing", "--published", self.capture("one", rate, admit, 0, segments), "--flow",
                               "198.51.100.7:443 >")[0]

    def test_policed_transfers_are_found(self):
        for rate in 200_000, 500_000:
            with self.subTest(rate=rate):
                answer = self.judge(bucket(rate, 20_000), 2 * rate)
                self.assertEqual(answer["verdict"], "policed", answer)
                self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05)
                self.assertLess(abs(answer["burst_bytes"] - 20_000), 20_000)

    def test_random_loss_and_full_queues_are_not_policing(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                self.assertNotEqual(self.judge(losing((0.02, 0.05)[seed % 2], seed))["verdict"], "policed")
        for depth in 65_536, 131_072:
            with self.subTest(depth=depth):
                self.assertNotEqual(self.judge(queue(500_000, depth))["verdict"], "policed")

    def test_too_few_losses_and_late_ones_say_nothing(self):
        answer = self.judge(losing(0.01, 1), segments=100)
        self.assertEqual((answer["verdict"], answer["why_not"]), ("inconclusive", "too few losses"))
        answer = self.judge(bucket(1_000_000, 2_500_000), segments=2000)
        self.assertEqual((answer["verdict"], answer["why_not"]), ("inconclusive", "late first loss"))
        self.assertEqual(self.judge(free)["verdict"], "none")

    def test_two_captures_are_refused(self):
        self.run_script("detect-policing", "--published", "--sent", "a", "--received", "b", code=2)


if __name__ == "__main__":
    unittest.main()

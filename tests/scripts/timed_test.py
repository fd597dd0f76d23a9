"""What a lab test's failure means on a machine whose host takes its processors away, and on one that has them."""

import contextlib
import io
import os
import subprocess
import sys
import time
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import stage  # noqa: E402
from lab_parts import steal  # noqa: E402


class Odd(stage.TimedTest):
    """Fails in as many of its tries as `wrong` says."""
    wrong, tried = 0, 0

    def test_all(self):
        Odd.tried += 1
        self.assertGreater(Odd.tried, Odd.wrong)

    def test_a_part(self):
        Odd.tried += 1
        with self.subTest(part=1):
            self.assertGreater(Odd.tried, Odd.wrong)


class Losing(steal.Watched):
    """A machine that is said to lose this share of its time."""

    def __init__(self, stolen, in_pauses=0):
        self.stolen, self.in_pauses = stolen, in_pauses

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Tries(unittest.TestCase):
    def play(self, name, wrong, stolen):
        """(tries, failures, skipped) and what was said."""
        Odd.wrong, Odd.tried, said = wrong, 0, io.StringIO()
        result = unittest.TestResult()
        with mock.patch.object(steal, "Watched", lambda: Losing(stolen)), mock.patch.object(stage, "REST", 0), \
                contextlib.redirect_stdout(said):
            Odd(name).run(result)
        return (Odd.tried, len(result.failures), len(result.skipped)), said.getvalue()

    def both(self, wrong, stolen, expected):
        for name in "test_all", "test_a_part":
            with self.subTest(name=name):
                self.assertEqual(self.play(name, wrong, stolen)[0], expected)

    def test_a_failure_with_all_processors_there_counts_at_once(self):
        self.both(wrong=9, stolen=0.05, expected=(1, 1, 0))

    def test_a_good_one_is_good_whatever_was_stolen(self):
        self.both(wrong=0, stolen=0.5, expected=(1, 0, 0))

    def test_pauses_alone_are_enough(self):
        self.assertIsNone(Losing(0.05, 0.005).why_unfit())
        self.assertIsNotNone(Losing(0.05, 0.02).why_unfit())

    def test_what_was_stolen_from_is_tried_again(self):
        self.both(wrong=1, stolen=0.2, expected=(2, 0, 0))

    def test_what_fails_so_each_time_is_skipped_and_said(self):
        self.both(wrong=9, stolen=0.2, expected=(stage.TRIES, 0, 1))
        self.assertIn("\nskipped: not measurable: __main__.Odd.test_all: this machine's host took 20% of its processors",
                      self.play("test_all", 9, 0.2)[1])


HOG = """
import os, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
for _ in range(5):
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass
    time.sleep(0.05)
"""


@unittest.skipIf(os.geteuid() != 0, "real-time priorities need root")
class Looks(unittest.TestCase):
    def test_a_processor_that_somebody_keeps_is_noticed(self):
        with steal.Watched() as machine:
            time.sleep(0.2)
            subprocess.run([sys.executable, "-c", HOG], check=True, timeout=30)
        self.assertGreater(machine.in_pauses, 0.1)
        self.assertIn("stood still for", machine.why_unfit())

    def test_looks_in_time_are_not_late(self):
        self.assertEqual(steal.late_by(10.0, 10.0 + steal.EVERY + 0.5 * steal.LATE), 0)
        self.assertAlmostEqual(steal.late_by(10.0, 10.102), 0.1)


if __name__ == "__main__":
    unittest.main(defaultTest=["Tries", "Looks"])

"""What a lab test's failure means on a machine whose host takes its processors away, and on one that has them."""

import contextlib
import io
import os
import sys
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


def ticks_of(stolen):
    """Of a machine that loses this share of its time."""
    whole = 0
    while True:
        yield steal.Ticks(0, round(whole * stolen), whole)
        whole += 1000


class Tries(unittest.TestCase):
    def play(self, name, wrong, stolen):
        """(tries, failures, skipped) and what was said."""
        Odd.wrong, Odd.tried, said = wrong, 0, io.StringIO()
        result = unittest.TestResult()
        with mock.patch.object(steal, "ticks", side_effect=ticks_of(stolen)), mock.patch.object(stage, "REST", 0), \
                contextlib.redirect_stdout(said):
            Odd(name).run(result)
        return (Odd.tried, len(result.failures), len(result.skipped)), said.getvalue()

    def both(self, wrong, stolen, expected):
        for name in "test_all", "test_a_part":
            with self.subTest(name=name):
                self.assertEqual(self.play(name, wrong, stolen)[0], expected)

    def test_a_failure_with_all_processors_there_counts_at_once(self):
        self.both(wrong=9, stolen=0.01, expected=(1, 1, 0))

    def test_a_good_one_is_good_whatever_was_stolen(self):
        self.both(wrong=0, stolen=0.5, expected=(1, 0, 0))

    def test_what_was_stolen_from_is_tried_again(self):
        self.both(wrong=1, stolen=0.1, expected=(2, 0, 0))

    def test_what_fails_so_each_time_is_skipped_and_said(self):
        self.both(wrong=9, stolen=0.1, expected=(stage.TRIES, 0, 1))
        self.assertIn("\nskipped: not measurable: __main__.Odd.test_all: this machine's host took 10% of its processors",
                      self.play("test_all", 9, 0.1)[1])


if __name__ == "__main__":
    unittest.main(defaultTest="Tries")

"""The headline, once: a 383 KB picture, both ways at once, from a throttled name and from another one on the same server,
through slowlane (facts A1, A8)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, headline  # noqa: E402


class Headline(stage.LabTest):
    wanted = bench.Wanted(book=os.path.join(stage.TOP, "rules/book/lab.cfg"))

    def transfer(self, name):
        result = headline.transfer(self.lab, os.path.join(self.folder, name), name)
        self.assertEqual((result["exit"], result["connections"], result["whole"]), (0, 1, True))
        return result

    def test_the_throttled_name_converges_both_ways_at_once(self):
        result = self.transfer(headline.THROTTLED)
        for direction in "down", "up":
            with self.subTest(direction=direction):
                one = result[direction]
                self.assertTrue(headline.LOW <= one["converged_bps"] <= headline.HIGH, one["converged_bps"])
                # A policer drops: what it holds back is sent again, and nothing waits in a queue.
                self.assertGreater(one["sent_again"], 50)
                self.assertLess(one["rtt_ms"], 20)

    def test_the_control_is_not_touched(self):
        result = self.transfer(headline.CONTROL)
        for direction in "down", "up":
            self.assertGreater(result[direction]["goodput_bps"], 50 * headline.RATE)


if __name__ == "__main__":
    stage.main(Headline.wanted)

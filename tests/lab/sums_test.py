"""What a real Prometheus scraped adds up with the box, with captures on both sides of it, and with a replay."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, sums  # noqa: E402

SECONDS = 20


class Sums(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=sums.BOOK)

    @unittest.skipIf(sums.missing(), sums.missing() or "")
    def test_four_witnesses_tell_the_same(self):
        found = sums.measure(self.lab, os.path.join(self.folder, "captures"), SECONDS)
        for claim, holds in sums.claims_of(found, SECONDS).items():
            with self.subTest(claim=claim):
                self.assertTrue(holds, sums.tables(found))


if __name__ == "__main__":
    stage.main(Sums.wanted)

"""Nothing else changes: a short form of `scripts/lab run transparency` through slowlane."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, transparency  # noqa: E402


class Transparency(stage.LabTest):
    wanted = bench.Wanted(book=os.path.join(stage.TOP, "rules/book/lab.cfg"))

    def setUp(self):
        self.checks = transparency.Checks()

    def tearDown(self):
        self.assertTrue(self.checks.done)
        self.assertEqual([(what, seen) for what, good, seen in self.checks.done if not good], [])

    def test_echoes(self):
        transparency.echoes(self.lab, self.checks, 1000)

    def test_neighbours_are_found(self):
        transparency.neighbours(self.lab, self.checks)

    def test_the_box_is_no_hop(self):
        transparency.hops(self.lab, self.checks)

    def test_fragments(self):
        transparency.fragments(self.lab, self.checks)

    def test_raw_frames(self):
        transparency.raw_frames(self.lab, self.checks)

    def test_sack_and_ecn(self):
        transparency.options(self.lab, self.checks)

    def test_every_packet_of_real_clients(self):
        transparency.everything(self.lab, self.checks, self.folder)

    def test_uploads(self):
        transparency.upload(self.lab, self.checks)

    def test_jumbo_frames(self):
        transparency.jumbo(self.lab, self.checks)

    def test_downloads(self):
        for family in "4", "6":
            transparency.fetch(self.lab, self.checks, family, "film.bin")


if __name__ == "__main__":
    stage.main(Transparency.wanted)

"""Every treatment on a real connection through slowlane: what the client saw, and what crossed."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, ground, treatments  # noqa: E402


class Held(stage.LabTest):
    def holds(self, name):
        claim, good, seen = treatments.ALL[name](self.lab, os.path.join(self.folder, name))
        print(f"{claim}: {seen}")
        self.assertTrue(good, f"{claim}: {seen}")


class Treatments(Held):
    wanted = bench.Wanted(book=treatments.BOOK)

    def test_shape(self):
        self.holds("shape")

    def test_lose(self):
        self.holds("lose")

    def test_delay(self):
        self.holds("delay")

    def test_drop(self):
        self.holds("drop")

    def test_reset(self):
        self.holds("reset")

    def test_allow(self):
        self.holds("allow")

    def test_mark(self):
        self.holds("mark")


class OverXdp(Held):
    """The same over ports of another kind, where this kernel has it."""
    wanted = bench.Wanted(book=treatments.BOOK, port_kind="af_xdp")

    @classmethod
    def setUpClass(cls):
        try:
            super().setUpClass()
        except ground.LabError as error:
            raise unittest.SkipTest(f"af_xdp does not run here: {error}") from error

    def test_shape(self):
        self.holds("shape")

    def test_mark(self):
        self.holds("mark")


if __name__ == "__main__":
    stage.main(Treatments.wanted)

"""What TCP gets of a configured rate through slowlane: a short form of `scripts/lab run accuracy`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import accuracy, bench  # noqa: E402

SECONDS = 12


class Accuracy(stage.LabTest):
    """A round-trip time of 20 ms: with none, TCP lives on its timeouts, and a policer's goodput on their length."""
    wanted = bench.Wanted(box="bridge", rtt_ms=20)

    def close(self, kind, low, high):
        cells = accuracy.cells_of(kind, (140_000, 1_000_000, 5_000_000), (16 * 1024, 64 * 1024), accuracy.CONTROLS)
        for result in accuracy.measure(self.lab, kind, cells, SECONDS, SECONDS):
            with self.subTest(**result):
                self.assertTrue(low < result["share"] < high, result["share"])
                self.assertGreater(result["rtt_ms"], 19)

    # That it is no more is the box's promise. That it is hardly less is TCP's: a machine with other work lengthens the
    # round trip, and a shallow bucket then keeps TCP from its rate.
    def test_police(self):
        self.close("police", 0.75, 1.06)

    def test_shape(self):
        self.close("shape", 0.85, 1.02)


if __name__ == "__main__":
    stage.main(bench.Wanted(box="slowlane", rtt_ms=20))

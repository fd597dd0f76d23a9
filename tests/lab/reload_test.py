"""A rule pushed while a download runs takes hold of it, and lets go when it is rolled back; many books cost no packet."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, reload, reloads  # noqa: E402


class Reload(stage.LabTest):
    wanted = bench.Wanted(box="none", rtt_ms=20)

    def test_a_running_download_follows_the_books(self):
        found = reload.measure(self.lab, os.path.join(self.folder, "captures"))
        seen = {name: value for name, value in found.items() if name != "curve"}
        for claim, holds in reload.claims_of(found).items():
            with self.subTest(claim=claim):
                self.assertTrue(holds, seen)


class Reloads(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", ring=reloads.RING)

    def test_many_books_cost_no_packet(self):
        plan = reloads.Plan(count=60, names=50_000, quiet_s=5)
        found = reloads.measure(self.lab, plan)
        print(reloads.rows_of(found))
        for claim, holds in reloads.claims_of(found, plan).items():
            with self.subTest(claim=claim):
                self.assertTrue(holds, found)


if __name__ == "__main__":
    stage.main(bench.Wanted(box="slowlane", rtt_ms=20))

"""The stories, in short: what each claims holds with the box, and does not without it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import ban, bench, lines, moving, pattern, story  # noqa: E402

ROUNDS = 2


class Stories(stage.LabTest):
    wanted = bench.Wanted(box="none", rtt_ms=20)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        story.give_addresses(cls.lab, "client", lines.MOBILE + lines.FIXED)
        story.give_addresses(cls.lab, "server", [a for n in range(ROUNDS + 1) for a in (moving.messenger(n), *moving.bystanders(n))])

    def hold(self, claims, found):
        for claim, holds in claims.items():
            with self.subTest(claim=claim):
                self.assertTrue(holds, found)

    def test_fixed_lines_are_lifted_while_downloads_run(self):
        found = lines.measure(self.lab, "slowlane", os.path.join(self.folder, "lines"), lines.QUICK)
        self.hold(lines.claims_of(found), found["lines"])

    def test_a_messenger_moves_and_bystanders_stay_behind(self):
        found = moving.measure(self.lab, "slowlane", ROUNDS)
        self.hold(moving.claims_of(found), found)

    def test_a_ban_by_name_stays_with_the_5_tuple(self):
        found = ban.measure(self.lab, "slowlane", True)
        self.hold(ban.claims_of(found), found)

    def test_a_loose_pattern_hits_others(self):
        found = pattern.measure(self.lab, "slowlane")
        self.hold(pattern.claims_of(found), found)

    def test_without_a_box_the_stories_do_not_hold(self):
        found = lines.measure(self.lab, "none", os.path.join(self.folder, "without"), lines.QUICK)
        self.assertFalse(all(lines.claims_of(found).values()))
        self.assertFalse(all(ban.claims_of(ban.measure(self.lab, "none", True)).values()))
        self.assertFalse(all(moving.claims_of(moving.measure(self.lab, "none", 1)).values()))
        self.assertFalse(all(pattern.claims_of(pattern.measure(self.lab, "none")).values()))


if __name__ == "__main__":
    stage.main(bench.Wanted(box="slowlane", rtt_ms=20))

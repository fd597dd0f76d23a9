"""What a set of labelled flows is drawn from: the same seed gives the same flows, sets never share any."""

import os
import subprocess
import tempfile
import unittest

import senders  # finds scripts/
from experiment_parts import truth_plan

SLOWLANE = os.environ.get("SLOWLANE", os.path.join(senders.SCRIPTS, "..", "build", "dev", "slowlane"))


def numbers(flows):
    return {(flow.kind, flow.rate, flow.pacing_bps, flow.start_s) for flow in flows if not flow.inverted}


class Plan(unittest.TestCase):
    def test_the_same_seed_draws_the_same_flows(self):
        for quick in False, True:
            self.assertEqual(truth_plan.draw("test", 3, 2, quick), truth_plan.draw("test", 3, 2, quick))

    def test_training_test_seeds_and_runs_are_apart(self):
        sets = [numbers(truth_plan.draw(seeds, seed, run, False)) for seeds in truth_plan.SEEDS for seed in (1, 2) for run in (1, 2)]
        self.assertEqual(sum(map(len, sets)), len(set().union(*sets)))

    def test_a_further_attempt_has_other_ports_alone(self):
        one, other = (truth_plan.draw("test", 1, 1, False, attempt=attempt) for attempt in (0, 1))
        self.assertFalse({flow.port for flow in one} & {flow.port for flow in other})
        self.assertEqual(numbers(one), numbers(other))

    def test_a_control_is_the_same_transfer_without_a_name(self):
        flows = truth_plan.draw("train", 1, 1, False)
        for target, control in zip(flows[::2], flows[1::2]):
            self.assertEqual((target.control, target.inverted, control.inverted, control.control), (control.port, False, True, None))
            for what in "size", "cc", "rtt_ms", "pacing_bps", "more":
                self.assertEqual(getattr(target, what), getattr(control, what))
            self.assertEqual(target.cause(), control.cause())

    def test_flows_that_share_a_bucket_have_one_class(self):
        flows = truth_plan.draw("train", 1, 1, False)
        shared = [flow for flow in flows if flow.kind == "shared"]
        self.assertEqual(len({flow.rate for flow in shared}), 1)
        text = truth_plan.book(flows)
        self.assertEqual(text.count(f'then = "c{shared[0].port}"'), 2)

    def test_every_kind_is_there_and_no_round_trip_is_short(self):
        flows = truth_plan.draw("train", 1, 1, False)
        self.assertEqual({flow.kind for flow in flows}, set(truth_plan.WHOLE))
        self.assertGreaterEqual(min(flow.rtt_ms for flow in flows), 20)
        self.assertEqual(len({flow.port for flow in flows}), len(flows))

    def test_the_books_have_no_mistakes(self):
        with tempfile.TemporaryDirectory() as folder:
            for quick in False, True:
                flows = truth_plan.draw("train", 1, 1, quick)
                for text in truth_plan.book(flows), truth_plan.line_book(flows):
                    path = os.path.join(folder, "book.cfg")
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(text)
                    checked = subprocess.run([SLOWLANE, "check", path], check=False, capture_output=True, text=True)
                    self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_flows_for_a_book_that_is_there_name_its_hosts(self):
        flows = truth_plan.draw("train", 1, 1, False, ("a.example", "b.example"))
        self.assertEqual({flow.host for flow in flows}, {"a.example", "b.example"})
        self.assertEqual({flow.kind for flow in flows}, {"book", "none"})


if __name__ == "__main__":
    unittest.main()

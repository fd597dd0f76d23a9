"""Ground truth made in the lab is true: each flow's label is what crossed the box, and scripts/score finds it with
scripts/detect-policing."""

import collections
import json
import os
import subprocess
import sys
import tempfile

import stage
from experiment_parts import truth, truth_plan
from lab_parts import bench, boxes

import truth_set  # of scripts/

SEED = 7
WANTED = bench.Wanted(box="bridge", rtt_ms=20)


def crossing(run, place, flow):
    """How many packets from the server a place of a run saw of a flow."""
    wanted = truth_set.ends(flow)
    segments = truth_set.capture_files.segments(os.path.join(run, truth_set.PLACES[place]))
    return sum(segment.flow[1] == truth.PORT and frozenset((segment.flow[:2], segment.flow[2:])) == wanted for segment in segments)


class Truth(stage.TimedTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        truth.make(cls.folder, SEED, 1, quick=True)
        cls.run_folder = os.path.join(cls.folder, "run-001")
        cls.flows = [flow.truth for flow in truth_set.read(cls.folder)]

    def test_every_flow_has_its_label_and_its_control(self):
        plan = truth_plan.draw("train", SEED, 1, True)
        self.assertEqual(len(self.flows), len(plan))
        for flow, planned in zip(self.flows, plan):
            label = planned.kind if planned.kind in truth.LABELS else "none"
            self.assertEqual((flow["client_port"], flow["label"], flow["cause"], flow["cc"]),
                             (planned.port, label, planned.cause(), planned.cc))
            self.assertEqual(flow["rate_bps"], planned.rate if label in ("police", "shape") else None)
            self.assertEqual(flow["control"] is None, planned.inverted)
            # A control names no host that a rule could know.
            self.assertEqual(flow["host"], None if planned.inverted else planned.host)

    def test_what_is_said_to_be_dropped_is_missing_behind_the_box(self):
        for flow in self.flows:
            if flow["label"] in ("police", "lose") or not flow["down"]["dropped_packets"]:
                missing = crossing(self.run_folder, "box_outside", flow) - crossing(self.run_folder, "box_inside", flow)
                self.assertEqual(missing, flow["down"]["dropped_packets"], flow)
        dropped = collections.Counter()
        for flow in self.flows:
            dropped[flow["label"]] += flow["down"]["dropped_packets"]
        self.assertGreater(dropped["police"], 30)
        self.assertEqual(dropped["none"], 0)

    def test_look_alikes_lose_behind_the_box_and_nothing_else_does(self):
        lost = collections.Counter()
        for flow in self.flows:
            lost[flow["cause"]] += crossing(self.run_folder, "box_inside", flow) - crossing(self.run_folder, "client", flow)
        self.assertGreater(lost["random_loss"], 0)
        # A short download may never fill its queue.
        self.assertEqual((lost[None], lost["tbf"]), (0, 0))

    def test_run_json_says_how_it_was_made(self):
        with open(os.path.join(self.run_folder, "run.json"), encoding="utf-8") as file:
            run = json.load(file)
        self.assertEqual((run["seeds"], run["seed"], run["run"], len(run["flows"])), ("train", SEED, 1, len(self.flows)))
        self.assertTrue(all(flow["sender"]["cc"] == flow["cc"] for flow in run["flows"]))
        self.assertTrue(os.path.exists(os.path.join(self.run_folder, "book.cfg")))

    def test_a_book_of_ones_own_is_kept_with_what_it_includes(self):
        with tempfile.TemporaryDirectory() as folder:
            truth.make(folder, SEED, 1, book=boxes.book_path("twitter-2021-04-02"), quick=True)
            kept = os.path.join(folder, "run-001", "book.cfg")
            said = subprocess.run([boxes.binary(), "check", kept], check=False, capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)

    def test_policing_is_found_in_it_and_nothing_else_is(self):
        detector = f"{stage.TOP}/scripts/detect-policing {{server}} --flow :{truth.PORT}"
        done = subprocess.run([sys.executable, os.path.join(stage.TOP, "scripts/score"), "--truth", self.folder, "--detector", detector,
                               "--json"], check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(found["true_positive_rate"]["hits"], found["true_positive_rate"]["of"], found)
        self.assertEqual(found["false_positive_rate"]["hits"], 0, found)
        self.assertLess(found["rate_error"]["median"], 0.05)


if __name__ == "__main__":
    stage.main(WANTED)

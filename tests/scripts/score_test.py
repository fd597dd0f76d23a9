"""scripts/score on a small set whose answers are known, and the arithmetic behind it."""

import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

from senders import SCRIPTS, Sender, bucket, capture_files

import scoring  # of SCRIPTS
import truth_set

RATE = 500_000
FLOWS = {40000: "police", 40001: "none", 40002: "lose", 40003: "none"}  # 40001 is the control of 40000


def admit(label, seed):
    draw = random.Random(seed)
    return {"police": bucket(RATE, 20_000), "none": lambda time, size: 0,
            "lose": lambda time, size: None if draw.random() < 0.05 else 0}[label]


def line(port, label, **more):
    limit = {"rate_bps": RATE, "burst_bytes": 20_000, "scope": "flow"} if label == "police" else \
        {"rate_bps": None, "burst_bytes": None, "scope": None}
    return {"id": port - 39_990, "transport": "tcp", "client": "192.0.2.1", "client_port": port, "server": "198.51.100.7",
            "server_port": 443, "label": label, "cc": "cubic", "rtt_ms": 30, "cause": None, "control": None} | limit | more


class Score(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        run = os.path.join(cls.folder, "run-001")
        os.mkdir(run)
        senders = [Sender(RATE, admit(label, port), port=port) for port, label in FLOWS.items()]
        for end, place in enumerate(("server", "client")):
            frames = sorted((frame for sender in senders for frame in sender.ends[end][1]), key=lambda frame: frame.time)
            capture_files.write(os.path.join(run, f"{place}.pcapng"), frames, place)
        cls.write_truth(run, [line(port, label, **({"control": 11} if port == 40000 else {})) for port, label in FLOWS.items()])

    @staticmethod
    def write_truth(run, lines):
        with open(os.path.join(run, "truth.jsonl"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in lines)

    def score(self, detector, *more, code=0, truth=None):
        done = subprocess.run([sys.executable, os.path.join(SCRIPTS, "score"), "--truth", truth or self.folder, "--detector", detector,
                               "--json", *more], check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return json.loads(done.stdout) if done.stdout else None

    def stub(self, program):
        """A detector: Python whose `flows` are the conversations in the captures it is given."""
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "stub.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"import json, sys\nsys.path.insert(0, {SCRIPTS!r})\nimport capture_files\n"
                       "flows = [{frozenset((s.flow[1], s.flow[3])) for s in capture_files.segments(f)} for f in sys.argv[1:]]\n" + program)
        return f"{sys.executable} {path}"

    def test_policing_is_found_and_nothing_else(self):
        found = self.score(f"{SCRIPTS}/detect-policing {{server}} --flow '198.51.100.7:443 >'")
        self.assertEqual(found["confusion"], {"lose": {"lossy": 1}, "none": {"none": 2}, "police": {"policed": 1}})
        self.assertEqual((found["true_positive_rate"]["share"], found["false_positive_rate"]["share"]), (1.0, 0.0))
        self.assertEqual(found["false_positive_rate"]["of"], 3)
        self.assertLess(found["rate_error"]["median"], 0.05)
        self.assertEqual(found["area_under_roc"], 1.0)

    def test_a_pair_is_the_flow_and_its_control(self):
        found = self.score(f"{SCRIPTS}/detect-wehe {{client}} {{control}}")
        self.assertEqual(found["confusion"], {"police": {"differentiated": 1}})

    def test_each_flow_comes_alone(self):
        detector = self.stub("print(json.dumps({'verdict': 'none' if all(len(f) == 1 for f in flows) else 'policed'}))")
        found = self.score(detector + " {client} {server}")
        self.assertEqual((found["flows"], found["confusion"]["police"]), (4, {"none": 1}))

    def test_controls_are_the_controls_of_their_flows(self):
        detector = self.stub("print(json.dumps({'verdict': 'policed' if 40001 in next(iter(flows[1])) else 'none'}))")
        self.assertEqual(self.score(detector + " {server} {control_server}")["confusion"], {"police": {"policed": 1}})

    def test_a_detector_that_always_cries_is_wrong_three_times(self):
        with tempfile.TemporaryDirectory() as folder:
            roc = os.path.join(folder, "roc.csv")
            found = self.score(self.stub("print('{\"verdict\": \"policed\", \"score\": 1}')") + " {client}", "--roc", roc, "--by", "cc")
            with open(roc, newline="", encoding="utf-8") as file:
                points = [list(map(float, row)) for row in list(csv.reader(file))[1:]]
        self.assertEqual((found["true_positive_rate"]["hits"], found["false_positive_rate"]["hits"]), (1, 3))
        self.assertEqual(points, [[math.inf, 0.0, 0.0], [1.0, 1.0, 1.0]])
        self.assertEqual(found["area_under_roc"], 0.5)
        self.assertEqual(found["split"]["none, cc cubic"]["of"], 2)

    def test_a_detector_that_fails_is_told(self):
        for program in "sys.exit('broken')", "print('nonsense')", "print('{}')", "print('[1]')":
            with self.subTest(program=program):
                self.assertEqual(self.score(self.stub(program) + " {client}", code=1)["failed"], 4)
        self.assertEqual(self.score("/nowhere {client}", code=1)["failed"], 4)

    def test_wrong_sets_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            self.score("true {client}", code=1, truth=folder)
            self.write_truth(folder, [line(40000, "none"), line(40000, "police")])
            self.score("true {client}", code=1, truth=folder)
            self.write_truth(folder, [{"id": 1}])
            self.score("true {client}", code=1, truth=folder)
        self.score("true", code=2)


class Arithmetic(unittest.TestCase):
    def test_wilson_intervals(self):
        # Brown, Cai and DasGupta (2001), and by hand.
        for hits, tries, low, high in (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962):
            self.assertAlmostEqual(scoring.wilson(hits, tries)[0], low, places=4)
            self.assertAlmostEqual(scoring.wilson(hits, tries)[1], high, places=4)
        self.assertIsNone(scoring.wilson(0, 0))

    def test_the_curve_of_errors(self):
        pairs = [(True, {"score": 0.9}), (False, {"score": 0.8}), (True, {"score": 0.7}), (False, {"score": None})]
        self.assertEqual(scoring.roc(pairs), [(math.inf, 0, 0), (0.9, 0, 0.5), (0.8, 0.5, 0.5), (0.7, 0.5, 1), (0.0, 1, 1)])
        self.assertEqual(scoring.area_under(scoring.roc(pairs)), 0.75)
        self.assertIsNone(scoring.area_under(scoring.roc(pairs[:1])))

    def test_a_look_alike_is_no_positive_and_a_shared_bucket_is_told_apart(self):
        flows = [line(1, "police", cause="drop_tail"), line(2, "police", scope="class"), line(3, "police")]
        kinds = [truth_set.Labelled("", flow, None).kind() for flow in flows]
        self.assertEqual(kinds, ["drop_tail", "police, shared", "police"])
        found = scoring.score([(kind, flow, {"verdict": "policed", "rate_bps": RATE * 1.1}) for kind, flow in zip(kinds, flows)],
                              {"police"}, {"policed"})
        self.assertEqual((found["true_positive_rate"]["of"], found["false_positive_rate"]["hits"]), (2, 1))
        self.assertAlmostEqual(found["rate_error"]["p90"], 0.1)
        self.assertEqual(list(scoring.split([(k, f, {"verdict": "none"}) for k, f in zip(kinds, flows)], {"policed"}, "rate_bps")),
                         ["drop_tail, rate_bps 256k to 512k", "police, rate_bps 256k to 512k", "police, shared, rate_bps 256k to 512k"])


if __name__ == "__main__":
    unittest.main()

"""Some experiments over real TCP, and one of them with its behaviour switched off: the rest takes half an hour."""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from experiment_parts import recorded  # noqa: E402
from lab_parts import bench, boxes  # noqa: E402


def run(*words):
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run([sys.executable, os.path.join(boxes.TOP, "scripts/experiments"), *words, "--json", "--out", folder],
                              capture_output=True, text=True, check=False, timeout=600)
    return said, {r["experiment"]: r for r in (json.loads(line) for line in said.stdout.splitlines() if line.startswith("{"))}


class Experiments(stage.TimedTest):
    def test_some_agree(self):
        said, found = run("O11", "O16", "O22", "O23", "O25", "O33", "O35", "O36b")
        for name, one in found.items():
            with self.subTest(name):
                self.assertEqual(one["verdict"], "agrees", json.dumps(one, indent=1)[:3000])
        self.assertEqual(len(found), 8, said.stderr)

    def test_without_the_behaviour_they_differ(self):
        said, found = run("O12", "--negative")
        self.assertEqual((found["O12"]["verdict"], found["O12"]["negative"]["verdict"]), ("agrees", "differs"), said.stderr)
        self.assertEqual(said.returncode, 0)

    def test_a_captured_flow_is_slow_and_its_control_is_not(self):
        capture = os.path.join(stage.TOP, "tests/golden/demo.pcapng")
        flow = next(f["id"] for f in recorded.flows(capture) if f["host"] == "abs.twimg.com" and f["transport"] == "tcp")
        with tempfile.TemporaryDirectory() as folder:
            found = recorded.play(capture, flow, "twitter-2021-04-02", folder, rounds=1)
            kept = {name: os.listdir(os.path.join(folder, "replay/captures", name)) for name in ("original", "control")}
        self.assertTrue(100_000 < found["original"][0]["bps"] < 160_000, found)
        self.assertGreater(found["control"][0]["bps"], 1_000_000)
        self.assertTrue(all("client.pcap" in one and "server.pcap" in one for one in kept.values()), kept)


if __name__ == "__main__":
    stage.main(bench.Wanted(rtt_ms=20))

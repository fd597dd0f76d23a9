"""The demo says what happened: its capture through its book gives each name its class, the rates the book asks for, and a
detector that knows nothing of slowlane finds the policer and its rate."""

import collections
import csv
import json
import os
import subprocess
import tempfile
import unittest

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SLOWLANE = os.environ.get("SLOWLANE", os.path.join(TOP, "build/dev/slowlane"))
CAPTURE = os.path.join(TOP, "tests/golden/demo.pcapng")
BOOK = os.path.join(TOP, "rules/book/demo.cfg")


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.table = subprocess.run(
            [SLOWLANE, "replay", CAPTURE, "--book", BOOK, "--inside", "192.0.2.0/24,2001:db8:1::/64",
             "--write", cls.at("out.pcapng"), "--flows", cls.at("flows.jsonl"), "--report", cls.at("report.json"),
             "--series", cls.at("series.csv"), "--every", "1s"],
            check=True, capture_output=True, text=True).stdout
        with open(cls.at("flows.jsonl"), encoding="utf-8") as file:
            cls.flows = [json.loads(line) for line in file]
        with open(cls.at("report.json"), encoding="utf-8") as file:
            cls.report = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def at(cls, name):
        return os.path.join(cls.folder.name, name)

    def down(self, host):
        """What came to the client of the one TLS flow to a host."""
        return next(flow["down"] for flow in self.flows if flow["host"] == host and flow["host_from"] == "tls")

    def test_every_name_has_its_class(self):
        seen = collections.Counter((flow["host"], flow["host_from"], flow["class"]) for flow in self.flows
                                   if flow["host_from"] in ("tls", "quic", "http"))
        self.assertEqual(seen, {("abs.twimg.com", "tls", "slow"): 1, ("pbs.twimg.com", "quic", "slow"): 8,
                                ("video.example.net", "tls", "smooth"): 1, ("blocked.example.net", "tls", "cut"): 1,
                                ("example.org", "tls", "pass"): 1, ("www.example.com", "tls", "pass"): 1,
                                ("www.example.com", "http", "pass"): 5})

    def test_nothing_is_lost_uncounted(self):
        packets = self.report["packets"]
        self.assertEqual(packets["received"], packets["sent"] + packets["held"] + sum(packets["dropped"].values()))
        size = self.report["bytes"]
        self.assertEqual(size["received"], size["sent"] + size["held"] + sum(size["dropped"].values()) + size["cut"])

    def test_the_slowed_download_gets_its_rate_and_the_other_one_everything(self):
        slow, free = self.down("abs.twimg.com"), self.down("example.org")
        self.assertEqual(free["dropped_packets"], 0)
        self.assertGreater(free["bytes"], 2_500_000)
        sent = slow["bytes"] - slow["dropped_bytes"]
        self.assertAlmostEqual(sent, 20 * 140_000 / 8 + 16_384, delta=0.05 * sent)

    def test_the_queued_video_gets_its_rate(self):
        video = self.down("video.example.net")
        seconds = 14.75 + 0.9  # while it was offered, and what the queue then still holds
        sent = video["bytes"] - video["dropped_bytes"]
        self.assertAlmostEqual(sent, seconds * 600_000 / 8, delta=0.05 * sent)
        self.assertGreater(video["delayed_packets"], 700)

    def test_series_adds_up_to_the_flows(self):
        with open(self.at("series.csv"), encoding="utf-8") as file:
            offered = sum(int(row["offered_bytes"]) for row in csv.DictReader(file) if row["key"] == "slow")
        flows = sum(flow[way]["bytes"] for flow in self.flows if flow["class"] == "slow" for way in ("up", "down"))
        # What came before the name was known counts in `pending`.
        self.assertLessEqual(offered, flows)
        self.assertGreater(offered, flows * 0.97)

    def test_an_outside_detector_finds_the_policer(self):
        answer = json.loads(subprocess.run(
            [os.path.join(TOP, "scripts/detect-policing"), "--sent", CAPTURE, "--received", self.at("out.pcapng"),
             "--flow", "198.51.100.7:443 > 192.0.2.10"], check=True, capture_output=True, text=True).stdout)
        self.assertEqual(answer["verdict"], "policed", answer)
        self.assertAlmostEqual(answer["rate_bps"], 140_000, delta=7_000)

    def test_the_table_names_classes_and_says_open_loop(self):
        for word in "slow", "smooth", "cut", "pass", "open loop":
            self.assertIn(word, self.table.lower())


if __name__ == "__main__":
    unittest.main()

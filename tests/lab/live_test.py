"""Looking at a box while it throttles a real download: its flows, a trace of its packets, its events, the live page."""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, boxes, ground  # noqa: E402

BOOK = os.path.join(stage.TOP, "rules/book/lab.cfg")
SITE, FILE = "abs.twimg.com", "picture.jpg"


class Live(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=BOOK)

    def ctl(self, *words, seconds=30):
        return subprocess.run([boxes.binary(), "ctl", "--socket", boxes.socket(self.lab), *words], capture_output=True,
                              text=True, check=True, timeout=seconds).stdout

    def setUp(self):
        self.client = subprocess.Popen(self.lab.at("client") + ["curl", "-sko", "/dev/null", "-m", "60", f"https://{SITE}/{FILE}"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.client.wait)
        self.addCleanup(self.client.kill)
        ground.wait_for(lambda: self.flows()["matched"] > 0, 10, "the download is not listed")

    def flows(self):
        return json.loads(self.ctl("--json", "flows", "--host", SITE))

    def test_a_listed_flow_is_the_download(self):
        flow = self.flows()["flows"][0]
        self.assertEqual((flow["host"], flow["host_from"], flow["server_port"]), (SITE, "tls", 443))
        listed = json.loads(self.ctl("--json", "flows", "--class", flow["class"]))["flows"]
        self.assertIn(flow["id"], [one["id"] for one in listed])
        self.assertEqual(json.loads(self.ctl("--json", "flows", "--host", "nobody.example"))["flows"], [])

    def test_a_trace_shows_what_a_policer_does_to_each_packet(self):
        time.sleep(1)  # the burst is spent
        lines = [json.loads(line) for line in self.ctl("--json", "trace", "--host", SITE, "--packets", "100", "--for", "20s").splitlines()]
        packets = lines[1:-1]
        self.assertEqual(len(packets), lines[-1]["packets"])
        self.assertGreater(len(packets), 30)
        down = [one for one in packets if one["headers"]["direction"] == "down" and one["headers"]["payload_bytes"] > 0]
        burst = down[0]["treatment"]["bucket"]["burst"]
        for one in packets:
            self.assertEqual((one["flow"]["host"], one["verdict"]["settled"]), (SITE, True))
            self.assertLessEqual(one["treatment"]["bucket"]["bytes"], burst)
        dropped = [one for one in down if one["treatment"]["fate"] == "dropped"]
        self.assertTrue(dropped, "a download is faster than its policer")
        for one in dropped:
            self.assertEqual(one["treatment"]["reason"], "police")
            self.assertLess(one["treatment"]["bucket"]["bytes"], one["headers"]["ip_bytes"], "dropped for want of tokens")
        # What passed is what the rate allows: the bucket's level tells the same.
        rate = json.loads(self.ctl("--json", "classes"))["classes"]
        rate = next(one for one in rate if one["name"] == down[0]["verdict"]["class"])["configured_bps"]
        sent = sum(one["headers"]["ip_bytes"] for one in down if one["treatment"]["fate"] == "sent")
        seconds = (down[-1]["at_ms"] - down[0]["at_ms"]) / 1000
        self.assertLessEqual(sent, rate / 8 * seconds + burst + 1500)

    def test_a_trace_from_the_first_packet_shows_how_the_verdict_came(self):
        trace = subprocess.Popen([boxes.binary(), "ctl", "--socket", boxes.socket(self.lab), "--json", "trace", "--packets", "12",
                                  "--for", "20s", "--client", self.client_address()], stdout=subprocess.PIPE, text=True)
        self.addCleanup(trace.stdout.close)
        self.client.kill()
        self.assertTrue(json.loads(trace.stdout.readline())["ok"])
        time.sleep(0.5)
        self.lab.run("client", "curl", "-sko", "/dev/null", "-m", "3", f"https://{SITE}/{FILE}")
        lines = [json.loads(line) for line in trace.stdout]
        trace.wait(30)
        news = [one for one in lines if one.get("flow") and one["flow"]["new"] and one["headers"].get("tcp", {}).get("flags") == "S"]
        self.assertTrue(news, lines)
        decided = [one for one in lines if one.get("verdict") and one["verdict"]["trigger"]]
        for one in decided:
            self.assertEqual(one["verdict"]["rules"][-1]["answer"], "yes")
            self.assertEqual(one["verdict"]["rules"][-1]["rule"], one["verdict"]["rule"])

    def client_address(self):
        return self.flows()["flows"][0]["client"]

    def test_the_page_shows_the_class_at_work(self):
        time.sleep(3)
        page = self.ctl("top", "--once").splitlines()
        self.assertTrue(any(re.match(r"\S+ .*kbit/s", line) for line in page), page)
        self.assertTrue(any(SITE in line for line in page), page)

    def test_watch_tells_when_the_flow_ends(self):
        watch = subprocess.Popen([boxes.binary(), "ctl", "--socket", self.lab.path("box-view.sock"), "--json", "watch"],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.addCleanup(watch.stdout.close)
        self.assertEqual(json.loads(watch.stdout.readline())["watching"], "all")
        self.lab.run("client", "curl", "-sko", "/dev/null", "-m", "2", f"https://{SITE}/{FILE}")
        seen = set()
        for _ in range(50):
            event = json.loads(watch.stdout.readline())
            seen.add(event.get("event"))
            if event.get("event") == "classified" and event["host"] == SITE:
                break
        self.assertLessEqual({"new", "classified"}, seen)


if __name__ == "__main__":
    stage.main(Live.wanted)

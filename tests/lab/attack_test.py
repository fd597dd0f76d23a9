"""Under attack: floods of connections, hellos, fragments and malformed frames cross the box while a legitimate download
runs and a throttled one is started. The first finishes, the second is throttled, memory stays flat, counters add up."""

import hashlib
import json
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, boxes, floods, ground  # noqa: E402

SECONDS = 10
FLOWS = 65536
GROWTH = 64 << 20  # bytes of memory that a flood may add once the tables have been touched


class Attack(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=os.path.join(stage.TOP, "rules/book/lab.cfg"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A small table, so that it is full within a second.
        path = cls.lab.path("box-appliance.cfg")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace('which = "all"', 'which = "treated"')
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + f"flows = {{ capacity = {FLOWS}; }};\n")
        cls.lab.stop("box")
        cls.lab.start("box", "box", boxes.binary(), "run", path, folder=stage.TOP)
        ground.wait_for(lambda: os.path.exists(cls.lab.path("box.sock")), 20, cls.lab.log("box"))

    def ctl(self, command):
        answer = subprocess.run([boxes.binary(), "ctl", "--socket", self.lab.path("box.sock"), "--json", command],
                                capture_output=True, text=True, check=True, timeout=10)
        return json.loads(answer.stdout)

    def memory(self):
        with open(f"/proc/{self.lab.pid('box')}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))

    def fetch(self, name, seconds):
        return subprocess.Popen(self.lab.at("client") + ["curl", "-4sko", "-", "-m", str(seconds), f"https://{name}/picture.jpg"],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def flood(self, kind, seconds):
        return subprocess.Popen(self.lab.at("router1") + [sys.executable, floods.__file__, kind, "wire", str(seconds)],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def test_floods_neither_stop_a_download_nor_lift_a_limit(self):
        with open(self.lab.path("www", "picture.jpg"), "rb") as file:
            right = hashlib.sha256(file.read()).hexdigest()
        for kind in floods.KINDS:
            with self.subTest(kind=kind):
                self.flood(kind, 1).communicate()  # touches every table once
                before = self.memory()
                flood = self.flood(kind, SECONDS)
                time.sleep(0.5)
                throttled = self.fetch("abs.twimg.com", SECONDS - 1)
                legitimate = self.fetch("example.org", SECONDS - 1)
                self.assertEqual(hashlib.sha256(legitimate.communicate()[0]).hexdigest(), right)
                got = len(throttled.communicate()[0]) * 8 / (SECONDS - 1)
                sent = int(flood.communicate()[0])
                print(f"{kind}: {sent / SECONDS:,.0f} frames a second, throttled name {got:,.0f} bit/s, "
                      f"memory {(self.memory() - before) >> 10:+,} KiB")
                self.assertTrue(20_000 < got < 200_000, got)
                self.assertLess(self.memory() - before, GROWTH)
        self.check_counters()

    def check_counters(self):
        ground.wait_for(lambda: self.ctl("counters")["counters"]["total.held_packets"] == 0, 5, "packets are held for ever")
        counters = self.ctl("counters")["counters"]
        dropped = sum(count for name, count in counters.items() if name.startswith("total.dropped."))
        self.assertEqual(counters["total.received_packets"], counters["total.sent_packets"] + dropped)
        self.assertGreater(counters["total.flows_evicted"] + counters["total.unjudged_flows"], 0)
        self.assertTrue(any("flow table is full" in one for one in self.ctl("status")["degraded"]))


if __name__ == "__main__":
    stage.main(Attack.wanted)

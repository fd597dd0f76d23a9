"""Under attack: floods of connections, hellos, fragments and malformed frames cross the box while a legitimate download
runs and a throttled one is started. The first finishes, the second is throttled, memory stays flat, counters add up."""

import hashlib
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, boxes, floods, ground, topology  # noqa: E402

SECONDS = 10
RATE = 40_000  # frames a second: what a box that shares two cores with both ends and the flood itself can keep up with
# Flows in the box's table. Connections without payload make room for others even in a table that they fill; what
# carries payload stays for its idle time, and a full table lets new flows pass (contract: counted and said).
TABLES = {"hello": 1 << 20, "fragments": 1 << 20, "malformed": 1 << 20, "syn": 65536}
FLOW = 1200  # bytes of memory that a flow with a name of its own may touch


class Attack(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=os.path.join(stage.TOP, "rules/book/lab.cfg"))

    def put(self, flows):
        """The lab's box with a flow table of this size, which nothing has touched."""
        path = self.lab.path("box-appliance.cfg")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("flows ")]
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines).replace('which = "all"', 'which = "treated"') + f"flows = {{ capacity = {flows}; }};\n")
        self.lab.stop("box")
        self.lab.start("box", "box", boxes.binary(), "run", path, folder=stage.TOP)
        ground.wait_for(lambda: topology.reaches(self.lab), 20, f"nothing crosses the box\n{self.lab.log('box')}")

    def ctl(self, command):
        return boxes.ask(self.lab, command)

    def memory(self):
        with open(f"/proc/{self.lab.pid('box')}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))

    def fetch(self, name, seconds):
        return subprocess.Popen(self.lab.at("client") + ["curl", "-4sko", "-", "-m", str(seconds), f"https://{name}/picture.jpg"],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def flood(self, kind, seconds):
        return subprocess.Popen(self.lab.at("router1") + [sys.executable, floods.__file__, kind, "wire", str(seconds), str(RATE)],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def test_floods_neither_stop_a_download_nor_lift_a_limit(self):
        with open(self.lab.path("www", "picture.jpg"), "rb") as file:
            right = hashlib.sha256(file.read()).hexdigest()
        for kind, flows in TABLES.items():
            with self.subTest(kind=kind):
                self.put(flows)
                before = self.memory()
                flood = self.flood(kind, SECONDS)
                time.sleep(2)
                throttled = self.fetch("abs.twimg.com", SECONDS - 3)
                legitimate = self.fetch("example.org", SECONDS - 3)
                self.assertEqual(hashlib.sha256(legitimate.communicate()[0]).hexdigest(), right)
                got = len(throttled.communicate()[0]) * 8 / (SECONDS - 3)
                sent = int(flood.communicate()[0])
                grown = self.memory() - before
                print(f"{kind}: {sent / SECONDS:,.0f} frames a second, throttled name {got:,.0f} bit/s, memory {grown >> 10:+,} KiB")
                self.assertTrue(20_000 < got < 200_000, got)
                self.assertLess(grown, (64 << 20) + min(sent, flows) * FLOW)
                self.check_counters()
        self.check_full_table()

    def check_counters(self):
        ground.wait_for(lambda: boxes.counters(self.lab)["total.held_packets"] == 0, 5, "packets are held for ever")
        counters = boxes.counters(self.lab)
        dropped = sum(count for name, count in counters.items() if name.startswith("total.dropped."))
        self.assertEqual(counters["total.received_packets"], counters["total.sent_packets"] + dropped)

    def check_full_table(self):
        """The flood of connections came last: it filled a small table, and new flows took the places of old ones."""
        self.assertGreater(boxes.counters(self.lab)["total.flows_evicted"], 0)
        self.assertTrue(any("flow table is full" in one for one in self.ctl("status")["degraded"]))


if __name__ == "__main__":
    stage.main(Attack.wanted)

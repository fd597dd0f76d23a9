"""The events file of a running box: its lines fit their schema, a disk that stalls holds up nothing else, and a kill at
any moment leaves whole lines."""

import glob
import json
import os
import random
import time
import unittest

from box_case import TOP, BoxCase, udp_frame, write_capture

try:
    import jsonschema
except ImportError:
    jsonschema = None

# Some flows are policed, some observed; every flow begins, is judged, and is ended by the stop of the box at last.
BOOK = '''book = "b"; classes = ( { name = "slow"; police = { rate = "64kbit"; burst = "1500B"; scope = "flow"; }; } );
rules = ( { name = "few"; when = { client = ["192.0.2.0/29"]; }; then = "slow"; },
          { name = "seen"; when = { client = ["192.0.2.8/29"]; }; then = "slow"; mode = "observe"; } );'''
FLOWS = 40_000


class Events(BoxCase):
    def events(self, which, addresses, limit="1GiB"):
        return (f'events = {{ file = "{self.path("flows.jsonl")}"; which = "{which}"; addresses = "{addresses}"; '
                f'limit = "{limit}"; }};')

    def files(self):
        return sorted(glob.glob(self.path("flows.jsonl*")))

    def lines(self, path):
        with open(path, "rb") as file:
            return file.read().split(b"\n")

    def test_every_line_fits_the_schema(self):
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed (scripts/setup)")
        with open(os.path.join(TOP, "control/schemas/event.schema.json"), encoding="utf-8") as file:
            schema = jsonschema.Draft202012Validator(json.load(file))
        for which, addresses in ("all", "full"), ("treated", "truncated"), ("treated", "none"):
            with self.subTest(which=which, addresses=addresses):
                box = self.start(self.appliance(BOOK, self.events(which, addresses)))
                self.wait_for(lambda: self.counters().get("total.received_packets") == 400, box)
                self.stop(box)
                *lines, rest = self.lines(self.path("flows.jsonl"))
                self.assertEqual(rest, b"")
                records = [json.loads(line) for line in lines]
                for record in records:
                    self.assertEqual([error.message for error in schema.iter_errors(record)], [], record)
                self.assertLessEqual({"classified", "ended"} | ({"new"} if which == "all" else set()),
                                     {record["event"] for record in records})
                self.assertEqual({tuple(one["rule"] for one in record["observed"]) for record in records},
                                 {(), ("seen",)})

    def test_a_disk_that_stalls_holds_up_records_alone(self):
        # A pipe that is full and that nobody reads: write() waits in it as on such a disk.
        os.mkfifo(self.path("flows.jsonl"))
        disk = os.open(self.path("flows.jsonl"), os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, disk)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(disk, bytes(4096))
        box = self.start(self.appliance(BOOK, self.events("all", "full")))
        self.wait_for(lambda: self.counters().get("total.received_packets") == 400, box)
        self.wait_for(lambda: "the disk does not keep up" in str(json.loads(self.ask("status").stdout)["degraded"]), box)
        self.stop(box)
        self.assertIn("the last records of flows are lost", box.stderr.read())

    def test_a_box_killed_while_it_writes_leaves_whole_lines(self):
        write_capture(self.path("in.pcap"), [udp_frame(i % 200, i, port=5000 + i // 200) for i in range(FLOWS)])
        path = self.appliance(BOOK, self.events("all", "full", limit="4MiB"))
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("pace=fast", "pace=real").replace("capacity = 4096", "capacity = 65536")
        self.write("box.cfg", text)
        chance, rounds = random.Random(5), int(os.environ.get("SLOWLANE_KILLS", "8"))
        hit = cut = seen = 0
        for _ in range(rounds):
            box = self.start(path)
            self.wait_for(lambda: os.path.exists(self.path("flows.jsonl")) and os.path.getsize(self.path("flows.jsonl")) > 0, box)
            self.check(self.files()[1:])  # what was put aside, by a run that was killed for one
            time.sleep(chance.random() * 0.5)
            hit += self.kill_behind_a_write(box)
            cut += self.lines(self.path("flows.jsonl"))[-1] != b""
            seen += len(self.files()) > 1
        box = self.start(path)
        self.wait_for(lambda: json.loads(self.ask("status").stdout or "{}").get("records", {}).get("written", 0) > 0, box)
        self.stop(box)
        self.check(self.files())
        self.assertGreater(seen, 0, "no file was ever put aside: the test tests nothing")
        self.assertGreater(hit, 0, "no kill came while records were written: the test tests nothing")
        print(f"of {rounds} kills {hit} came right behind the beginning of a write; half a line was left {cut} times")

    def kill_behind_a_write(self, box):
        """Kills it as soon as its file grows; whether it did so in time."""
        path, end = self.path("flows.jsonl"), time.monotonic() + 5
        size = now = self.size(path)
        while now <= size and time.monotonic() < end:
            size, now = now, self.size(path)
        box.kill()
        box.wait()
        return now > size

    def size(self, path):
        try:
            return os.stat(path).st_size
        except FileNotFoundError:  # between two files
            return 0

    def check(self, paths):
        """Each file has whole lines alone; one may be deleted meanwhile."""
        for path in paths:
            try:
                *lines, rest = self.lines(path)
            except FileNotFoundError:
                continue
            self.assertEqual(rest, b"", path)
            for line in lines:
                json.loads(line)


if __name__ == "__main__":
    unittest.main()

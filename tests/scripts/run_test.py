"""`slowlane run` without root: a box between two capture files, from its start to SIGTERM."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SLOWLANE = os.environ.get("SLOWLANE", os.path.join(TOP, "build/dev/slowlane"))
PACKETS, FLOWS = 400, 20


def udp_frame(flow, number):
    payload = struct.pack(">I", number) * 20
    udp = struct.pack(">HHHH", 5000 + flow, 9, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, socket.inet_aton(f"192.0.2.{flow + 1}"),
                     socket.inet_aton("198.51.100.7"))
    return bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + udp


def write_capture(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1_600_000_000, i * 100, len(frame), len(frame)) + frame)


def count_packets(path):
    """Of a pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    at, count = 24, 0
    while at < len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        count += 1
    return count


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        write_capture(self.path("in.pcap"), [udp_frame(i % FLOWS, i) for i in range(PACKETS)])
        write_capture(self.path("empty.pcap"), [])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def appliance(self, book, more="", mode="wire"):
        self.write("book.cfg", book)
        return self.write("box.cfg", f'''bench = true;
ports = ( {{ name = "in"; kind = "capture"; device = "{self.path("in.pcap")}"; options = "pace=fast"; }},
          {{ name = "out"; kind = "capture"; device = "{self.path("empty.pcap")}"; options = "write={self.path("out.pcap")}"; }} );
wires = ( {{ name = "w"; inside = "in"; outside = "out"; inside_prefixes = ["192.0.2.0/24"]; mode = "{mode}"; }} );
control = {{ socket = "{self.path("ctl.sock")}"; view_socket = "{self.path("view.sock")}"; }};
memory = {{ hugepages = "none"; }};
flows = {{ capacity = 4096; }};
book = "book.cfg";
{more}''')

    def start(self, appliance):
        box = subprocess.Popen([SLOWLANE, "run", appliance], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(box.stderr.close)
        self.addCleanup(box.wait)
        self.addCleanup(box.kill)
        return box

    def ask(self, *command):
        return subprocess.run([SLOWLANE, "ctl", "--socket", self.path("ctl.sock"), "--json", *command], capture_output=True,
                              text=True, check=False)

    def counters(self):
        answer = self.ask("counters")
        return json.loads(answer.stdout)["counters"] if answer.returncode == 0 else {}

    def wait_for(self, holds, box):
        end = time.monotonic() + 30
        while not holds():
            if box.poll() is not None:
                self.fail(f"the box ended: {box.stderr.read()}")
            self.assertLess(time.monotonic(), end, "it takes too long")
            time.sleep(0.02)

    def stop(self, box):
        box.send_signal(signal.SIGTERM)
        self.assertEqual(box.wait(10), 0)

    def test_what_comes_in_on_one_side_leaves_on_the_other_and_is_counted(self):
        box = self.start(self.appliance('book = "b"; classes = (); rules = ();'))
        self.wait_for(lambda: self.counters().get("total.sent_packets") == PACKETS, box)
        status = json.loads(self.ask("status").stdout)
        self.assertEqual((status["state"], status["bench"]), ("running", True))
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), PACKETS)
        self.assertFalse(os.path.exists(self.path("ctl.sock")))

    def test_classes_and_rules_say_what_was_measured(self):
        box = self.start(self.appliance('book = "b"; classes = ( { name = "half"; lose = { share = 0.5; }; } ); rules = (\n'
                                        '{ name = "few"; when = { client = ["192.0.2.1/32"]; }; then = "half"; },\n'
                                        '{ name = "dead"; when = { client = ["192.0.2.99/32"]; }; then = "half"; } );'))
        self.wait_for(lambda: self.counters().get("total.received_packets") == PACKETS, box)
        classes = {one["name"]: one for one in json.loads(self.ask("classes").stdout)["classes"]}
        half = classes["half"]["up"]
        self.assertEqual((classes["half"]["flows"], half["offered_packets"]), (1, PACKETS // FLOWS))
        self.assertEqual(half["sent_packets"] + half["dropped_packets"], PACKETS // FLOWS)
        few, dead = json.loads(self.ask("rules").stdout)["rules"]
        self.assertEqual((few["name"], few["line"], few["hits"], dead["hits"], dead["last_hit"]), ("few", 2, 1, 0, None))
        self.assertIsNotNone(few["last_hit"])
        self.stop(box)

    def test_sigterm_sends_what_is_held(self):
        box = self.start(self.appliance('book = "b"; otherwise = "late"; rules = ();'
                                        'classes = ( { name = "late"; delay = { time = "60s"; }; } );'))
        self.wait_for(lambda: self.counters().get("total.held_packets") == PACKETS, box)
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), PACKETS)

    def test_a_tap_sends_nothing(self):
        box = self.start(self.appliance('book = "b"; classes = (); rules = ();', mode="tap"))
        self.wait_for(lambda: self.counters().get("total.dropped.tap") == PACKETS, box)
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), 0)

    def test_records_show_treated_flows_and_no_whole_address(self):
        book = ('book = "b"; classes = ( { name = "half"; lose = { share = 0.5; }; } );'
                'rules = ( { name = "few"; when = { client = ["192.0.2.1/32"]; }; then = "half"; } );')
        box = self.start(self.appliance(book, f'events = {{ file = "{self.path("flows.jsonl")}"; }};'))
        self.wait_for(lambda: self.counters().get("total.received_packets") == PACKETS, box)
        self.stop(box)
        with open(self.path("flows.jsonl"), encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        self.assertEqual({record["event"] for record in records}, {"classified", "ended"})
        for record in records:
            self.assertEqual((record["client"], record["client_port"], record["community_id"], record["class"]),
                             ("192.0.2.0", 0, None, "half"))

    def test_every_mistake_of_an_appliance_is_told_with_its_line(self):
        path = self.write("wrong.cfg", 'ports = ( { name = "in"; kind = "af_paket"; device = "x"; } );\n'
                                       'wires = ( { name = "w"; inside = "in"; outside = "uot"; } );\nbook = "none.cfg";\n')
        made = subprocess.run([SLOWLANE, "run", path], capture_output=True, text=True, check=False)
        self.assertEqual(made.returncode, 1)
        self.assertRegex(made.stderr, r'wrong\.cfg:1: .*af_paket.*af_packet')
        self.assertRegex(made.stderr, r'wrong\.cfg:2: .*uot')


if __name__ == "__main__":
    unittest.main()

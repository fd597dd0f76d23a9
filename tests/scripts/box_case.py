"""A box between two capture files, for tests that run the program without root."""

import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SLOWLANE = os.environ.get("SLOWLANE", os.path.join(TOP, "build/dev/slowlane"))
PACKETS, FLOWS = 400, 20


def udp_frame(flow, number, port=5000):
    payload = struct.pack(">I", number) * 20
    udp = struct.pack(">HHHH", port + flow, 9, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, 64, 17, 0, socket.inet_aton(f"192.0.2.{flow + 1}"),
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


class BoxCase(unittest.TestCase):
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
control = {{ socket = "{self.path("ctl.sock")}"; view_socket = "{self.path("view.sock")}";
  books = "{self.path("books")}"; log = "{self.path("changes.jsonl")}"; cache = "{self.path("cache")}"; }};
memory = {{ hugepages = "none"; }};
flows = {{ capacity = 4096; }};
book = "book.cfg";
{more}''')

    def start(self, appliance, *options):
        box = subprocess.Popen([SLOWLANE, "run", appliance, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
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

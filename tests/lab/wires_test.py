"""One box with two wires: each joins its own two ports and nothing else, links are reflected, and a class's rate is of
all wires together."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import boxes, ground, watch  # noqa: E402

RATE, SECONDS, PORT = 8_000_000, 6, 9999
APPLIANCE = '''appliance = "wires";
bench   = true;
ports   = ( { name = "in0"; kind = "af_packet"; device = "in0"; }, { name = "out0"; kind = "af_packet"; device = "out0"; },
            { name = "in1"; kind = "af_packet"; device = "in1"; }, { name = "out1"; kind = "af_packet"; device = "out1"; } );
wires   = ( { name = "w0"; inside = "in0"; outside = "out0"; inside_prefixes = ["192.0.2.0/25"]; },
            { name = "w1"; inside = "in1"; outside = "out1"; inside_prefixes = ["192.0.2.128/25"]; } );
cores   = { control = [0]; workers = [LAST]; idle = "sleep"; };
control = { socket = "FOLDER/box.sock"; view_socket = "FOLDER/view.sock"; };
book    = "FOLDER/shared.cfg";
'''
BOOK = f'''book = "shared";
classes = ( {{ name = "all"; police = {{ rate = "{RATE}bit"; scope = "class"; burst = "64kB"; }}; }} );
rules = ( {{ name = "bulk"; when = {{ server_port = {PORT}; }}; then = "all"; }} );
'''
HEAR = f'''
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], {PORT}))
sock.settimeout(20)
print("listens", flush=True)
sock.recv(2048)
sock.settimeout(0.2)
begin = time.monotonic() + 1
total, end = 0, begin + {SECONDS}
while time.monotonic() < end:
    try:
        size = len(sock.recv(2048)) + 28
        total += size if time.monotonic() > begin else 0
    except TimeoutError:
        pass
print(total, flush=True)
'''
# Offers one and a half times the rate, with gaps that chance makes.
SHOUT = f'''
import random, socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
at, end = time.monotonic(), time.monotonic() + {SECONDS} + 3
while time.monotonic() < end:
    try:
        sock.sendto(bytes(1172), (sys.argv[1], {PORT}))
    except ConnectionRefusedError:
        pass
    at += 1200 * 8 / (1.5 * {RATE}) * random.uniform(0.5, 1.5)
    time.sleep(max(0, at - time.monotonic()))
'''
INSIDE, OUTSIDE = ("192.0.2.10", "192.0.2.210"), ("192.0.2.20", "192.0.2.220")


class Wires(stage.TimedTest):
    @classmethod
    def setUpClass(cls):
        cls.lab = ground.Ground(stage.name("wires"))
        cls.addClassCleanup(cls.lab.clear)
        cls.lab.add_space("box")
        cls.lab.do("box", "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        for number, subnet in enumerate(("25", "25")):
            for role, port, address in (f"client{number}", f"in{number}", INSIDE[number]), (f"server{number}", f"out{number}", OUTSIDE[number]):
                cls.lab.add_space(role)
                cls.lab.do(role, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
                cls.lab.lay_cable(role, "wire", "box", port)
                cls.lab.ip(role, f"address add {address}/{subnet} dev wire", "link set dev wire up")
                cls.lab.ip("box", f"link set dev {port} promisc on up")
        for name, text in ("shared.cfg", BOOK), ("box.cfg", APPLIANCE):
            with open(cls.lab.path(name), "w", encoding="utf-8") as file:
                file.write(text.replace("FOLDER", cls.lab.folder).replace("LAST", str((os.cpu_count() or 1) - 1)))
        cls.lab.start("box", "box", boxes.binary(), "run", cls.lab.path("box.cfg"), folder=stage.TOP)
        for number in 0, 1:
            ground.wait_for(lambda: cls.crosses(number), 20, f"nothing crosses wire {number}:\n{cls.lab.log('box')}")

    @classmethod
    def crosses(cls, number):
        return cls.lab.run(f"client{number}", "ping", "-c", "1", "-W", "1", OUTSIDE[number]).returncode == 0

    def ctl(self, *words):
        return boxes.ask(self.lab, *words)

    def test_what_one_wire_carries_the_other_does_not_see(self):
        with watch.captures(self.lab, self.lab.folder, {"client1": "wire", "server1": "wire"}) as files:
            self.lab.do("client0", "ip", "neigh", "flush", "dev", "wire")
            sent = self.lab.do("client0", "ping", "-q", "-c", "200", "-i", "0.005", OUTSIDE[0])
            self.assertIn(" 0% packet loss", sent)
        for path in files.values():
            with open(path, "rb") as file:
                self.assertNotIn(bytes(map(int, OUTSIDE[0].split("."))), file.read())

    def test_a_class_has_one_rate_over_all_wires(self):
        programs = []
        for number in 0, 1:
            hear = subprocess.Popen(self.lab.at(f"server{number}") + [sys.executable, "-c", HEAR, OUTSIDE[number]], text=True,
                                    stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            self.addCleanup(hear.stdout.close)
            self.addCleanup(hear.wait)
            self.addCleanup(hear.kill)
            self.assertEqual(hear.stdout.readline(), "listens\n")
            programs.append(hear)
        for number in 0, 1:
            shout = subprocess.Popen(self.lab.at(f"client{number}") + [sys.executable, "-c", SHOUT, OUTSIDE[number]],
                                     stdin=subprocess.DEVNULL)
            self.addCleanup(shout.wait)
            self.addCleanup(shout.kill)
        rates = [int(hear.stdout.readline()) * 8 / SECONDS for hear in programs]
        print(f"two wires: {rates[0]:,.0f} + {rates[1]:,.0f} of {RATE:,} bit/s")
        self.assertLess(sum(rates), RATE * 1.02 + 64_000 * 8 / SECONDS)
        self.assertGreater(sum(rates), RATE * 0.97)
        self.assertGreater(min(rates), RATE * 0.2)

    def test_a_link_that_goes_down_takes_the_other_side_down_and_up_again(self):
        self.lab.ip("client0", "link set dev wire down")
        ground.wait_for(lambda: "NO-CARRIER" in self.lab.do("server0", "ip", "link", "show", "dev", "wire"), 5,
                        f"the server's link stays up:\n{self.lab.log('box')}")
        self.assertTrue(self.crosses(1))
        self.assertTrue(any(re.search(r"port in0.*down", one) for one in self.ctl("status")["degraded"]))
        self.lab.ip("client0", "link set dev wire up")
        ground.wait_for(lambda: self.crosses(0), 10, f"nothing crosses once it is up again:\n{self.lab.log('box')}")
        self.assertNotIn("NO-CARRIER", self.lab.do("server0", "ip", "link", "show", "dev", "wire"))


if __name__ == "__main__":
    if reason := ground.need("ping", "tcpdump"):
        print(f"skipped: {reason}")
        sys.exit(stage.SKIPPED)
    ground.clean_up_when_told_to_end()
    unittest.main()

"""Two workers on one wire: flows meet at their owners through the rings, and a class that they share passes no more than
its rate, and hardly less."""

import os
import statistics
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, boxes, ground, topology  # noqa: E402

RATE = 8_000_000  # bits a second
SECONDS, PORT, SIZE = 8, 9999, 1200
BOOK = f'''book = "shared";
classes = ( {{ name = "all"; {{}} = {{ rate = "{RATE}bit"; scope = "class"; burst = "64kB"; }}; }} );
rules = ( {{ name = "bulk"; when = {{ server_port = {PORT}; }}; then = "all"; }} );
'''

# Counts what arrives on PORT over the middle SECONDS of a flood, in IP bytes, in parts of half a second.
HEAR = f'''
import select, socket, sys, time
socks = []
for address in sys.argv[1:]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((address, {PORT}))
    socks.append(sock)
print("listens", flush=True)
select.select(socks, [], [], 20)
time.sleep(1)
parts, sources = [0] * ({SECONDS} * 2), set()
for sock in socks:
    sock.setblocking(False)
    while True:
        try:
            sock.recv(2048)
        except BlockingIOError:
            break
begin = time.monotonic()
while (part := int((time.monotonic() - begin) * 2)) < len(parts):
    for sock in select.select(socks, [], [], 0.1)[0]:
        data, source = sock.recvfrom(2048)
        parts[part] += len(data) + 28
        sources.add((source[0], sock.getsockname()[0]))
print(len(sources), *parts, flush=True)
'''
# Offers three times the rate from every client address to every server address, in an order that chance makes: where every
# third packet passes, and the same pair were always the third, others would get nothing.
SHOUT = f'''
import random, socket, sys, time
pairs = [(c, s) for c in sys.argv[1].split(",") for s in sys.argv[2].split(",")]
socks = []
for client, server in pairs:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((client, 0))
    sock.connect((server, {PORT}))
    socks.append(sock)
gap, at, end = {SIZE} * 8 / (3 * {RATE}), time.monotonic(), time.monotonic() + {SECONDS} + 3
while time.monotonic() < end:
    try:
        random.choice(socks).send(bytes({SIZE} - 28))
    except ConnectionRefusedError:
        pass
    at += gap
    time.sleep(max(0, at - time.monotonic()))
'''


@unittest.skipIf((os.cpu_count() or 1) < 2, "needs two cores")
class Workers(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=os.path.join(stage.TOP, "rules/book/lab.cfg"))
    CLIENTS = (topology.CLIENT, *topology.MORE_CLIENTS)
    SERVERS = (topology.SERVER, topology.CADDY, topology.RESOLVER)

    def put(self, treatment):
        """The lab's box, with two workers and a book of one class."""
        book = self.lab.path("shared.cfg")
        with open(book, "w", encoding="utf-8") as file:
            file.write(BOOK.replace("{}", treatment))
        path = self.lab.path("two-appliance.cfg")
        with open(self.lab.path("box-appliance.cfg"), encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith(("cores", "book"))]
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines) + f'cores = {{ control = [0]; workers = [0, 1]; }};\nbook = "{book}";\n')
        self.lab.stop("box")
        self.lab.start("box", "box", boxes.binary(), "run", path, folder=stage.TOP)
        ground.wait_for(lambda: topology.reaches(self.lab), 20, f"nothing crosses the box\n{self.lab.log('box')}")

    def arriving(self):
        """Bits a second that arrive of a flood through the class, on the whole and in the median half second, and from how many
        pairs of addresses."""
        with subprocess.Popen(self.lab.at("server") + [sys.executable, "-c", HEAR, *self.SERVERS], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True) as hear:
            self.assertEqual(hear.stdout.readline(), "listens\n")
            with subprocess.Popen(self.lab.at("client") + [sys.executable, "-c", SHOUT, ",".join(self.CLIENTS), ",".join(self.SERVERS)],
                                  stdin=subprocess.DEVNULL):
                pairs, *parts = map(int, hear.stdout.readline().split())
        return sum(parts) * 8 / SECONDS, statistics.median(parts) * 8 * 2, pairs

    def test_a_shared_class_passes_its_rate_and_no_more(self):
        for treatment in "police", "shape":
            with self.subTest(treatment=treatment):
                self.put(treatment)
                rate, usual, pairs = self.arriving()
                print(f"{treatment}: {rate:,.0f}, mostly {usual:,.0f}, of {RATE:,} bit/s from {pairs} address pairs on two workers")
                self.assertEqual(pairs, 9)
                # What the listener's own clock and its bucket of 64 kB may add.
                self.assertLess(rate, RATE * 1.01 + 64_000 * 8 / SECONDS)
                self.assertGreater(usual, RATE * 0.98)  # a pause of this machine is no limit of the box
                counters = boxes.counters(self.lab)
                self.assertGreater(counters["worker.0.received_packets"], 1000)
                self.assertGreater(counters["worker.1.received_packets"], 1000)
                self.assertGreater(counters["total.spread_packets"], 1000)
                self.assertEqual(counters["total.dropped.spread_full"], 0)

    def test_downloads_are_whole_over_both_workers(self):
        self.put("police")
        for name in "www.example.com", "example.org":
            for address in self.CLIENTS:
                got = self.lab.run("client", "curl", "-4sko", "/dev/null", "--interface", address, "-w", "%{http_code} %{size_download}",
                                   f"https://{name}/clip.bin")
                self.assertEqual(got.stdout, f"200 {os.path.getsize(self.lab.path('www', 'clip.bin'))}")


if __name__ == "__main__":
    stage.main(Workers.wanted)

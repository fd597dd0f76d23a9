"""Watches a lab while something runs in it: captures at its cables' ends, and what the kernel says of TCP sockets."""

import contextlib
import os
import re
import signal
import threading
import time

from . import ground, steal

# Headers with all options, and the first bytes of what they carry.
SNAP = 128


@contextlib.contextmanager
def captures(lab, folder, places, only="", snap=SNAP):
    """Records at some ends of cables, `{"client": "wire"}` say, to FOLDER/client.pcap, while its body runs."""
    names = []
    try:
        for place, device in places.items():
            names.append(_record(lab, place, device, os.path.join(folder, f"{place}.pcap"), only, snap))
        yield {place: os.path.join(folder, f"{place}.pcap") for place in places}
    finally:
        for name in names:
            _quiet(lab, name)
            lab.stop(name, signal.SIGINT)
            missed = re.search(r"(\d+) packets? dropped by kernel\s*\Z", lab.log(name))
            if missed and int(missed[1]):
                raise ground.LabError(f"{name} missed {missed[1]} packets: this machine is too busy for it")


def _record(lab, place, device, path, only, snap):
    path, name = os.path.abspath(path), f"capture-{place}"
    if os.path.exists(path):
        os.remove(path)
    filters = [only] if only else []
    lab.start(name, place, "tcpdump", "-i", device, "-Z", "root", "-U", "-n", "-s", str(snap), "-B", "32768", "--immediate-mode",
              "--time-stamp-precision=nano", "-w", path, *filters)
    ground.wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0, 10, f"tcpdump did not start:\n{lab.log(name)}")
    return name


def _quiet(lab, name):
    """Leaves tcpdump the time to take the last packets out of its ring: until its file stops growing."""
    path = f"/proc/{lab.pid(name)}/io"
    before = None
    for _ in range(20):
        try:
            with open(path, encoding="utf-8") as file:
                now = re.search(r"wchar: (\d+)", file.read())[1]
        except OSError:
            return
        if now == before:
            return
        before = now
        threading.Event().wait(0.1)


def quiet(seconds, least=0.85):
    """Waits until the machine is idle but for the lab; False where it was not within so many seconds."""
    end = time.monotonic() + seconds
    before = steal.ticks()
    while time.monotonic() < end:
        time.sleep(0.5)
        now = steal.ticks()
        if now.idle - before.idle >= least * (now.whole - before.whole):
            return True
        before = now
    return False


class Sockets:
    """Samples the TCP sockets of a namespace. `with Sockets(lab, "server") as seen:`; afterwards `seen.samples` holds, by
    (local port, remote port), what `ss` said each time."""

    def __init__(self, lab, place, every=0.25):
        self.lab, self.place, self.every = lab, place, every
        self.samples = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not self._over.wait(self.every):
            for line in self.lab.run(self.place, "ss", "-tinoHO", "state", "established").stdout.splitlines():
                words = line.split()
                if len(words) > 5:
                    ends = tuple(int(word.rsplit(":", 1)[1]) for word in words[2:4])
                    self.samples.setdefault(ends, []).append(read_socket(line))

    def insist(self, name, port):
        """LabError unless every socket seen at a port used this congestion control."""
        found = {sample["cc"] for ends, samples in self.samples.items() if port in ends for sample in samples}
        if found - {name}:
            raise ground.LabError(f"congestion control {name} did not take effect in {self.place}: {', '.join(found)} was used")


def read_socket(line):
    """What one line of `ss -tin` tells."""
    def number(pattern):
        found = re.search(pattern, line)
        return float(found[1]) if found else None
    control = re.search(r"\b(cubic|bbr|reno)\b", line)
    return {"cc": control[1] if control else "?", "rtt_ms": number(r"\brtt:([0-9.]+)"), "least_ms": number(r"\bminrtt:([0-9.]+)"),
            "retransmitted": number(r"\bretrans:\d+/(\d+)") or 0, "sack": "sack" in line.split(), "ecn": "ecn" in line.split()}

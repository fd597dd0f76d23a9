"""A wire between a client and a server, each in a network namespace of its own. For the lab tests; needs root."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

CLIENT_ADDRESS, SERVER_ADDRESS = "192.0.2.10", "198.51.100.7"
SKIPPED = 77


def skip_unless_possible(*programs):
    """Ends the test as skipped, with the reason, where it cannot run."""
    missing = [program for program in ("ip", "ethtool", "tc", "tcpdump") + programs if not shutil.which(program)]
    reason = "needs root" if os.geteuid() != 0 else f"not installed: {', '.join(missing)}" if missing else None
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)


class Wire:
    """`with Wire(rate) as wire`: what the server sends is limited to `rate` bits a second. Everything that was started on
    it is ended, and the namespaces are gone, when it is left."""

    def __init__(self, rate):
        self.rate = rate
        self.client, self.server = f"slc{os.getpid()}", f"sls{os.getpid()}"
        self.folder = tempfile.TemporaryDirectory()
        self.started = []

    def __enter__(self):
        try:
            self._lay()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            self.stop(process)
        for space in self.client, self.server:
            subprocess.run(["ip", "netns", "del", space], check=False, stderr=subprocess.DEVNULL)
        self.folder.cleanup()

    def _lay(self):
        for space in self.client, self.server:
            self._do("ip", "netns", "add", space)
        self._do("ip", "-n", self.client, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", self.server)
        for space, address in (self.client, f"{CLIENT_ADDRESS}/24"), (self.server, "192.0.2.1/24"):
            # Checksums and segments as on a real wire; veth's own offloads leave partial sums and 64 kB frames.
            self._do("ip", "netns", "exec", space, "ethtool", "-K", "wire", "tx", "off", "rx", "off", "tso", "off", "gso",
                     "off", "gro", "off")
            self._do("ip", "-n", space, "address", "add", address, "dev", "wire")
            self._do("ip", "-n", space, "link", "set", "lo", "up")
            self._do("ip", "-n", space, "link", "set", "wire", "up")
        self._do("ip", "-n", self.server, "address", "add", f"{SERVER_ADDRESS}/32", "dev", "lo")
        self._do("ip", "-n", self.client, "route", "add", "default", "via", "192.0.2.1")
        self._do("ip", "netns", "exec", self.server, "tc", "qdisc", "add", "dev", "wire", "root", "tbf", "rate",
                 str(self.rate), "burst", "6000", "latency", "100ms")

    def _do(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def start(self, space, *command):
        """Starts a program in a namespace; `ip netns exec` becomes it, so that its id is the process's."""
        process = subprocess.Popen(["ip", "netns", "exec", space, *command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder.name)
        self.started.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        if process in self.started:
            self.started.remove(process)

    def record(self, space, name):
        """Starts a capture at one end; returns its path and the process to stop."""
        path = self.path(name)
        listener = self.start(space, "tcpdump", "-i", "wire", "-Z", "root", "-U", "-n", "-s", "128",
                              "--time-stamp-precision=nano", "-w", path, "tcp")
        self.wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0)
        return path, listener

    def wait_for(self, holds, seconds=10):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError("the lab did not come up")
            time.sleep(0.02)

    def run(self, space, *command):
        return subprocess.run(["ip", "netns", "exec", space, *command], check=True, capture_output=True, text=True)

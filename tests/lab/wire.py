"""A wire between a client and a server, each in a network namespace of its own, without a box. For the lab tests; needs
root."""

import subprocess
import sys

import stage
from lab_parts import ground, watch

CLIENT_ADDRESS, SERVER_ADDRESS = "192.0.2.10", "198.51.100.7"


def skip_unless_possible(*programs):
    """Ends the test as skipped, with the reason, where it cannot run."""
    if reason := ground.need("tc", "tcpdump", *programs):
        print(f"skipped: {reason}")
        sys.exit(stage.SKIPPED)


class Wire:
    """`with Wire(rate) as wire`: what the server sends is limited to `rate` bits a second. Everything that was started on
    it is ended, and the namespaces are gone, when it is left."""

    def __init__(self, rate):
        self.rate = rate
        self.ground = ground.Ground(stage.name("wire"))

    def __enter__(self):
        try:
            self._lay()
        except BaseException:
            self.ground.clear()
            raise
        return self

    def __exit__(self, *_):
        self.ground.clear()

    def _lay(self):
        for role in "client", "server":
            self.ground.add_space(role)
        self.ground.lay_cable("client", "wire", "server", "wire")
        self.ground.ip("client", f"address add {CLIENT_ADDRESS}/24 dev wire", "link set dev wire up", "route add default via 192.0.2.1")
        self.ground.ip("server", "address add 192.0.2.1/24 dev wire", "link set dev wire up", f"address add {SERVER_ADDRESS}/32 dev lo")
        self.ground.do("server", "tc", "qdisc", "add", "dev", "wire", "root", "tbf", "rate", str(self.rate), "burst", "6000",
                       "latency", "100ms")

    def path(self, name):
        return self.ground.path(name)

    def record(self):
        """`with wire.record() as files:` captures at the client's end, `files["client"]`, meanwhile."""
        return watch.captures(self.ground, self.ground.folder, {"client": "wire"}, "tcp")

    def run(self, role, *command):
        return subprocess.run(self.ground.at(role) + list(command), check=True, capture_output=True, text=True)

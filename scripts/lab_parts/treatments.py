"""Every treatment on a real connection: what the client saw, and what crossed the box, from captures of both its sides.

The same machine's clock stamps both captures, so that the time between them is the time in the box."""

import ipaddress
import json
import os
import random
import statistics
import sys
import time

from . import bench, boxes, figures, servers, topology, watch

BOOK = os.path.join(boxes.TOP, "rules/book/lab.cfg")
RST, SYN, ACK = figures.capture_files.RST, figures.capture_files.SYN, figures.capture_files.ACK
SAME_PORT, OTHER_PORT = 50001, 50002


def some_port():
    """A client's port that an earlier connection hardly had."""
    return random.randrange(50100, 60000)


def curl(lab, site, name, port=None, seconds=40):
    """A download by curl; what it says of it."""
    local = ["--local-port", str(port)] if port else []
    said = lab.run("client", "curl", "-4sk", "--max-time", str(seconds), "-o", "/dev/null", "-w", "%{json}\n", *local,
                   f"https://{site}/{name}", seconds=seconds + 20)
    return json.loads(said.stdout.splitlines()[-1]) | {"exit": said.returncode}


def own_client(lab, site, port, name="small.bin", seconds=2):
    """A download by a client that may use a port again."""
    here = os.path.dirname(os.path.abspath(__file__))
    return json.loads(lab.run("client", sys.executable, os.path.join(here, "tls_client.py"), topology.SERVER, site, name,
                              str(seconds), str(port)).stdout)


class Crossing:
    """Records both sides of the box while its body runs; then `pairs` says of each packet when it came and left. With a
    client's port, that connection alone: servers of earlier ones may still repeat themselves."""

    def __init__(self, lab, folder, port=None):
        os.makedirs(folder, exist_ok=True)
        only = "tcp port 443" + (f" and tcp port {port}" if port else "")
        self._watch = watch.captures(lab, folder, {"router1": "wire", "router2": "wire"}, only)
        self.files = None

    def __enter__(self):
        self.files = self._watch.__enter__()
        return self

    def __exit__(self, *how):
        time.sleep(1)  # what is held when the client has ended still comes out
        return self._watch.__exit__(*how)

    def pairs(self, direction):
        """(segment, seconds in the box or None where it did not come out), in order, "up" or "down"."""
        came, left = ("router1", "router2") if direction == "up" else ("router2", "router1")
        return figures.pairs(self.files[came], self.files[left], 443, direction)

    def conversation(self, port):
        """The first connection from a client's port, both ways, in order of time: until its next SYN or its end."""
        both = sorted((pair for way in ("up", "down") for pair in self.pairs(way) if port in (pair[0].flow[1], pair[0].flow[3])),
                      key=lambda pair: pair[0].time)
        starts = [s.seq for s, _ in both if s.flags & SYN and not s.flags & ACK]
        for number, (segment, _) in enumerate(both):
            if segment.flags & RST or (segment.flags & SYN and not segment.flags & ACK and segment.seq != starts[0]):
                return both[:number]
        return both

    def after_hello(self, direction):
        """Without what came before the client's first payload, which brings the name."""
        hello = next(segment.time for segment, _ in self.pairs("up") if segment.payload)
        return [(s, held) for s, held in self.pairs(direction) if s.time > hello]


def held_ms(pairs):
    return [held * 1e3 for _, held in pairs if held is not None]


def lost_share(pairs):
    return sum(held is None for _, held in pairs) / max(len(pairs), 1)


# Each takes the lab and a folder, and returns (what was claimed, whether it is so, what was seen).

def shape(lab, folder):
    port = some_port()
    with Crossing(lab, folder, port) as box:
        told = curl(lab, "smooth.example.net", "clip.bin", port)
    arrived = figures.directions(box.files["router1"], 443)["down"][0]
    down = box.after_hello("down")
    rate = arrived.rate(2.0) or 0.0
    good = told["exit"] == 0 and told["size_download"] == servers.FILES["clip.bin"] and abs(rate / 2e6 - 1) < 0.03 and \
        max(held_ms(down)) < 64 * 1024 * 8 / 2e6 * 1e3 + 20
    return ("shape 2 Mbit/s: the file arrives whole at that rate; held, rather than dropped", good,
            f"{figures.rate_text(rate)} after 2 s, held {statistics.median(held_ms(down)):.0f} ms in the median, "
            f"{max(held_ms(down)):.0f} ms at most, {100 * lost_share(down):.1f} % dropped")


def lose(lab, folder):
    port = some_port()
    with Crossing(lab, folder, port) as box:
        told = curl(lab, "lossy.example.net", "clip.bin", port)
    down, up = box.after_hello("down"), box.after_hello("up")
    share = lost_share(down)
    good = told["exit"] == 0 and told["size_download"] == servers.FILES["clip.bin"] and 0.03 < share < 0.07
    return ("lose 5 %: so many packets are missing, TCP repairs it", good,
            f"{100 * share:.1f} % of {len(down)} down, {100 * lost_share(up):.1f} % of {len(up)} up; {told['time_total']:.2f} s")


def delay(lab, folder):
    port = some_port()
    with Crossing(lab, folder, port) as box:
        told = curl(lab, "late.example.net", "small.bin", port)
    times = held_ms(box.after_hello("down")) + held_ms(box.after_hello("up"))
    lost = lost_share(box.after_hello("down")) + lost_share(box.after_hello("up"))
    # Never early; late by what a busy machine takes to wake a sleeping worker.
    good = told["exit"] == 0 and 79.9 < min(times) and statistics.median(times) < 82 and figures.percentile(times, 0.9) < 90 and lost == 0
    return ("delay 80 ms: every packet each way is that late, none is lost", good,
            f"{len(times)} packets, {min(times):.2f} to {max(times):.2f} ms, median {statistics.median(times):.2f}, share lost {lost:.3f}; "
            f"curl's TLS took {1e3 * (told['time_appconnect'] - told['time_connect']):.0f} ms")


def drop(lab, folder):
    with Crossing(lab, folder) as box:
        told = own_client(lab, "gone.example.net", SAME_PORT, "clip.bin")
        again = own_client(lab, "gone.example.net", SAME_PORT, seconds=1)
        other = own_client(lab, "example.org", OTHER_PORT)
    first = box.conversation(SAME_PORT)
    hello = next(i for i, (segment, _) in enumerate(first) if segment.payload)
    passed = sum(held is not None for _, held in first[hello + 1:])
    good = told["bytes"] < servers.FILES["clip.bin"] and told["error"] == "TimeoutError" and 5 <= passed <= 8 and \
        not again["connected"] and other["bytes"] > servers.FILES["small.bin"]
    return ("drop after 5 to 8 packets, hold 6 s: then silence, for a new connection on the same ports too, for no other", good,
            f"{passed} more packets crossed, then {told['error']}; same ports again: {again['error']}; another name: {other['bytes']} B")


def reset(lab, folder):
    with Crossing(lab, folder) as box:
        told = own_client(lab, "cut.example.net", SAME_PORT + 10)
        again = own_client(lab, "cut.example.net", SAME_PORT + 10)
        seen = curl(lab, "cut.example.net", "small.bin")
    out = [s for s in figures.capture_files.segments(box.files["router1"]) if s.flow[1] == 443]
    resets = [s for s in out if s.flags & RST]
    came = [s for s in figures.capture_files.segments(box.files["router2"]) if s.flow[1] == 443]
    good = told["error"] == "ConnectionResetError" and not told["tls"] and not again["connected"] and \
        seen["exit"] == 35 and resets and len(out) <= len(came) and all(s.payload == 0 for s in resets)
    # Again on the same ports: the server still has its end of the first connection, so it answers the SYN with an ACK
    # (RFC 5961 section 4.2), which arrives as a reset that a waiting client must ignore: it times out.
    return ("reset: the server's next packet arrives as a reset, and none connects on these ports again", good,
            f"{told['error']}, again {again['error']}, curl's exit {seen['exit']}; {len(resets)} of {len(came)} packets "
            "towards the client were turned into resets, none was made")


def allow(lab, folder):
    port = some_port()
    with Crossing(lab, folder, port) as box:
        told = curl(lab, "budget.example.net", "clip.bin", port, seconds=3)
    crossed = sum(s.ip_bytes for way in ("up", "down") for s, held in box.after_hello(way) if held is not None)
    hello = next(s.ip_bytes for s, _ in box.pairs("up") if s.payload)
    good = told["exit"] == 28 and 16384 - 1500 < crossed + hello <= 16384
    return ("allow 16 KiB: so much passes, both ways together, then silence", good,
            f"{crossed + hello} bytes from the hello on; curl got {told['size_download']} B, then timed out (exit {told['exit']})")


def mark(lab, folder):
    port = some_port()
    with Crossing(lab, folder, port) as box:
        told = curl(lab, "marked.example.net", "clip.bin", port)
    seen = {way: _code_points(box.files[router], way) for way, router in (("up", "router2"), ("down", "router1"))}
    came = {way: _code_points(box.files[router], way) for way, router in (("up", "router1"), ("down", "router2"))}
    good = told["exit"] == 0 and all(set(points[-20:]) == {8} for points in seen.values()) and \
        all(set(points) == {0} for points in came.values())
    return ("mark cs1: packets leave with that code point, both ways, and arrive whole", good,
            f"{seen['up'].count(8)} of {len(seen['up'])} up and {seen['down'].count(8)} of {len(seen['down'])} down, those from the name on")


def _code_points(path, way):
    """DSCP of each IPv4 packet of a direction."""
    out = []
    for frame in figures.capture_files.read(path):
        if frame.data[12:14] == b"\x08\x00":
            from_server = frame.data[26:30] == ipaddress.ip_address(topology.SERVER).packed
            if from_server == (way == "down"):
                out.append(frame.data[15] >> 2)
    return out


ALL = {"shape": shape, "lose": lose, "delay": delay, "drop": drop, "reset": reset, "allow": allow, "mark": mark}


def measure(lab, folder, only=ALL):
    """Runs treatments; returns [(name, claim, whether it is so, what was seen)]."""
    found = []
    for name in only:
        found.append((name, *ALL[name](lab, os.path.join(folder, name))))
        print(f"{'yes' if found[-1][2] else 'NO '}  {found[-1][1]}: {found[-1][3]}", flush=True)
    return found


def run(order):
    with bench.standing_lab(order.name, bench.Wanted(order.box, BOOK, port_kind=order.port_kind)) as lab:
        found = measure(lab, order.out)
    rows = [[name, claim, "yes" if good else "NO", seen] for name, claim, good, seen in found]
    figures.keep(order, "treatments", found, figures.table(["treatment", "what it claims", "holds", "what was seen"], rows))
    return all(good for _, _, good, _ in found)

"""Conversations as captures, for `slowlane replay`: what needs only time, or more packets than a lab would care to send.
Open loop: nobody reacts, so this says what the box decides and lets pass, never what TCP makes of it."""

import ipaddress
import itertools
import json
import os
import struct
import subprocess

from lab_parts import boxes, figures, ground, topology
from lab_parts.floods import checksum

from . import peer, sessions

capture_files = figures.capture_files
SECOND = 10**9
HOP = 5 * 10**6       # between two packets of one end
MTU_PAYLOAD = 1400
INSIDERS = (topology.CLIENT, *topology.MORE_CLIENTS)
BEGIN = 1_616_000_000 * SECOND


class Capture:
    """Ethernet frames with their times, in any order."""

    def __init__(self):
        self.frames = []
        self._ids = itertools.count(1)

    def ip(self, time, source, target, protocol, data, ttl=64, fragment=0, number=None):
        """One IPv4 packet; `fragment` is the flags-and-offset field."""
        ends = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
        number = next(self._ids) & 0xFFFF if number is None else number
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), number, fragment, ttl, protocol, 0, *ends)
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        frame = bytes(5) + b"\x02" + bytes(5) + b"\x01" + b"\x08\0" + head + data
        self.frames.append(_frame(time, frame))

    def udp(self, time, source, target, ports, payload, **more):
        self.ip(time, source, target, 17, struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload, **more)

    def save(self, path):
        capture_files.write(path, sorted(self.frames, key=lambda f: f.time), "made by scripts/experiments")


def _frame(time, data):
    return capture_files.Frame(time, data, len(data), capture_files.ETHERNET)


class Talk:
    """One TCP connection in a capture. `time` is its clock, in ns; each packet moves it on."""

    def __init__(self, capture, session, begin=BEGIN):
        self.capture, self.time = capture, begin
        self.ends = {"client": (session["client"], session["local"]), "server": (session["server"], session["port"])}
        if session["opener"] == "server":
            self.ends = {"client": (session["client"], session["port"]), "server": (session["server"], session["local"])}
        self.seq = {"client": 1000, "server": 5000}

    def packet(self, by, flags, data=b"", ttl=63, counts=True):
        other = "server" if by == "client" else "client"
        (source, sport), (target, dport) = self.ends[by], self.ends[other]
        bits = sum(peer.FLAGS[letter] for letter in flags)
        ack = self.seq[other] if "A" in flags else 0
        tcp = struct.pack(">HHIIBBHHH", sport, dport, self.seq[by] & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, bits, 65000, 0, 0)
        self.capture.ip(self.time, source, target, 6, tcp + data, ttl=ttl)
        self.time += HOP
        if counts:
            self.seq[by] += len(data) + ("S" in flags) + ("F" in flags)

    def open(self, opener):
        other = "server" if opener == "client" else "client"
        self.packet(opener, "S")
        self.packet(other, "SA")
        self.packet(opener, "A")

    def step(self, step):
        """What a session's step puts on the wire."""
        if "both" in step:
            for part in step["both"]:
                self.step(part)
        elif "pause" in step:
            self.time += int(step["pause"] * SECOND)
        elif "inject" in step:
            what = step["inject"]
            self.packet(step["by"], what["flags"], bytes.fromhex(what["hex"]), ttl=what["ttl"], counts=False)
        else:
            self._send(step)

    def _send(self, step):
        data = peer.payload(step)
        size = step.get("chunk") or MTU_PAYLOAD
        for at in range(0, len(data), size):
            piece = data[at:at + size]
            self.packet(step["by"], "PA", piece)
            if "rate" in step:
                self.time += int(len(piece) * 8 * SECOND / step["rate"]) - HOP
            elif "every" in step:
                self.time += int(step["every"] * SECOND) - HOP


def talk_of(capture, session, begin=BEGIN):
    """Writes a whole session into a capture; returns its Talk, whose clock stands behind it."""
    talk = Talk(capture, session, begin)
    talk.open(session["opener"])
    for step in session["steps"]:
        talk.step(step)
    return talk


def replay(capture, book, folder, *more, seed=None, inside=",".join(topology.INSIDE)):
    """Sends a capture through a book; returns the flows' records (docs/replay.md)."""
    os.makedirs(folder, exist_ok=True)
    source, flows = os.path.join(folder, "capture.pcapng"), os.path.join(folder, "flows.jsonl")
    capture.save(source)
    command = [boxes.binary(), "replay", source, "--book", book, "--flows", flows, "--inside", inside, *more]
    command += ["--seed", str(seed)] if seed is not None else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ground.LabError(f"slowlane replay: {done.stderr.strip()[-800:]}")
    with open(flows, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return records


def treated(records):
    """{inside's port: the flow's class, or None where nothing was done to it}."""
    out = {}
    for record in records:
        out[record["client_port"] if record["client"] in INSIDERS else record["server_port"]] = None if record["class"] in ("pass", "pending") else record["class"]
    return out


def play(book, wanted, folder, seed=None):
    """Replays sessions; returns {id: class or None}."""
    capture = Capture()
    for number, session in enumerate(wanted):
        talk_of(capture, session, BEGIN + number * 10**5)
    by_port = treated(replay(capture, book, folder, seed=seed))
    return {s["id"]: by_port.get(sessions.inside_port(s)) for s in wanted}

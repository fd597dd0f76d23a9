"""One end of replayed conversations, over the kernel's own TCP.

  peer.py client|server PLAN OUT

PLAN is what sessions.py writes: every session with its ports and steps; both ends read the same. An end sends its own
steps, and reads as many bytes as the other's say, before it goes on: record and replay. Prints `ready` when it listens, and begins when
a line comes in.
OUT: for each session whether TCP stood, what went wrong, and for each step when it began and ended here (CLOCK_MONOTONIC,
in seconds: the same for both ends) and how many bytes had come."""

import json
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab_parts import bulk  # noqa: E402
from lab_parts.floods import checksum  # noqa: E402

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECEIVED, SENT = 1, 2  # queues
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}
APART = 0.004  # seconds between two sends of one end, so that each is a segment of its own


def payload(step):
    """What a step sends: the bytes that it gives, or random ones."""
    if "hex" in step:
        return bytes.fromhex(step["hex"])
    data = random.Random(step.get("seed", 7)).randbytes(step["size"])
    return bytes(b ^ 0xFF for b in data) if step.get("inverted") else data


class End:
    """One session, at one end."""

    def __init__(self, role, session, sock):
        self.role, self.session, self.sock = role, session, sock
        self.told = {"id": session["id"], "connected": True, "error": None, "steps": []}
        self.deadline = time.monotonic() + session["seconds"]

    def run(self):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for step in self.session["steps"]:
                self._both(step["both"]) if "both" in step else self._one(step)
        except OSError as error:
            self.told["error"] = type(error).__name__
        return self.told

    def _both(self, steps):
        """Two steps at once, each of one end."""
        threads = [threading.Thread(target=self._kept, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.told["error"]:
            raise TimeoutError

    def _kept(self, step):
        try:
            self._one(step)
        except OSError as error:
            self.told["error"] = type(error).__name__

    def _one(self, step):
        note = {"by": step["by"], "begin": time.monotonic(), "bytes": 0}
        self.told["steps"].append(note)
        try:
            if step["by"] != self.role:
                self._read(step, note)
            elif "pause" in step:
                time.sleep(step["pause"])
            elif "inject" in step:
                inject(self.sock, step["inject"])
                time.sleep(0.05)
            else:
                self._send(step, note)
        finally:
            note["end"] = time.monotonic()

    def _left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _read(self, step, note):
        wanted = 0 if "pause" in step or "inject" in step else len(payload(step))
        while note["bytes"] < wanted:
            self.sock.settimeout(self._left())
            piece = self.sock.recv(min(wanted - note["bytes"], 1 << 16))
            if not piece:
                raise ConnectionResetError
            note["bytes"] += len(piece)

    def _send(self, step, note):
        data, chunk = payload(step), step.get("chunk") or 1 << 16
        if "rate" in step:
            chunk = min(chunk, 1200)
        begin = time.monotonic()
        for at in range(0, len(data), chunk):
            self.sock.settimeout(self._left())
            self.sock.sendall(data[at:at + chunk])
            note["bytes"] = min(at + chunk, len(data))
            if "rate" in step:
                time.sleep(max(0, begin + note["bytes"] * 8 / step["rate"] - time.monotonic()))
            elif "every" in step:
                time.sleep(step["every"])
        time.sleep(APART)


def inject(sock, what):
    """Sends a packet of this connection past the kernel, with a TTL of its own: neither end's TCP knows of it."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    numbers = {}
    for queue in RECEIVED, SENT:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        numbers[queue], = struct.unpack("=I", sock.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, 4))
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)  # off, and no probe is sent
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # which repairing takes away
    data = bytes.fromhex(what.get("hex", ""))
    source, target = sock.getsockname(), sock.getpeername()
    ends = [socket.inet_aton(end[0].rpartition(":")[2]) for end in (source, target)]
    flags = sum(FLAGS[letter] for letter in what["flags"])
    acknowledged = (numbers[RECEIVED] + what.get("ahead", 0)) & 0xFFFFFFFF
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], numbers[SENT], acknowledged, 5 << 4, flags, 500, 0, 0) + data
    pseudo = ends[0] + ends[1] + struct.pack(">BBH", 0, 6, len(tcp))
    # A spoiled checksum: an end that it reaches throws it away, as a box does not.
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp) ^ (0x5555 if what.get("spoiled") else 0)) + tcp[18:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0x4000, what["ttl"], 6, 0, *ends)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(head + tcp, (socket.inet_ntoa(ends[1]), 0))


class Program:
    """All sessions of one end."""

    def __init__(self, role, plan):
        self.role, self.sessions = role, plan["sessions"]
        self.found, self.ends = {}, []
        self.waiting = {s["local"]: s for s in self.sessions if s["opener"] != role}
        self.lock = threading.Lock()

    def run(self, out):
        threads = [threading.Thread(target=self._listen, args=(sock,), daemon=True) for sock in self._listeners()]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        opened = [threading.Thread(target=self._open, args=(s,)) for s in self.sessions if s["opener"] == self.role]
        sys.stdin.readline()  # the other end listens too
        for thread in opened:
            thread.start()
        self._await(opened)
        with open(out, "w", encoding="utf-8") as file:
            json.dump(self.found, file)
        os._exit(0)  # what still waits for a connection never ends by itself

    def _await(self, opened):
        end = time.monotonic() + max(s["seconds"] for s in self.sessions) + 8
        for thread in opened:
            thread.join(max(0, end - time.monotonic()))
        while len(self.found) < len(self.sessions) and time.monotonic() < end:
            time.sleep(0.02)

    def _listeners(self):
        here = {(s[self.role], s["port"]) for s in self.sessions if s["opener"] != self.role}
        return [socket.create_server(end, backlog=512) for end in sorted(here)]

    def _listen(self, listener):
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=self._serve, args=(sock, peer), daemon=True).start()

    def _serve(self, sock, peer):
        session = self.waiting.get(peer[1])
        if session:
            self._talk(session, sock)

    def _open(self, session):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        near, far = (session["client"], session["server"]) if self.role == "client" else (session["server"], session["client"])
        try:
            sock.bind((near, session["local"]))
            bulk.use(sock, session["cc"])
            sock.settimeout(session["seconds"])
            sock.connect((far, session["port"]))
        except OSError as error:
            self._keep({"id": session["id"], "connected": False, "error": type(error).__name__, "steps": []})
            return
        self._talk(session, sock)

    def _talk(self, session, sock):
        bulk.use(sock, session["cc"])
        end = End(self.role, session, sock)
        self._keep(end.run())
        # The one that is done first waits: what it sent may still be on its way, and a reset would be the end of it.
        try:
            sock.settimeout(max(0.1, end.deadline - time.monotonic()))
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 16):
                pass
        except OSError:
            pass
        sock.close()

    def _keep(self, told):
        with self.lock:
            self.found[told["id"]] = told


def main():
    role, plan, out = sys.argv[1:4]
    with open(plan, encoding="utf-8") as file:
        Program(role, json.load(file)).run(out)


if __name__ == "__main__":
    main()

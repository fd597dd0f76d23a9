"""Conversations that are replayed over real TCP through the lab's box, many at once.

A session is a dictionary of plain values, for both ends read it from a file:
  id, opener (client: inside; server: outside), port (listening), local (the opener's own port), steps, seconds, cc
Steps, each `by` one end: {"hex"} or {"size", "seed", "inverted"} sends; with {"rate"} bit/s paced, with {"chunk", "every"} in
pieces; {"pause"} seconds; {"inject": {"hex", "flags", "ttl", "spoiled"}} a packet past the kernel; {"both": [step, step]} at once."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field

from lab_parts import figures, ground, topology, watch

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
PORT = 443
SERVER = "198.51.100.9"  # an address of the replaying server's own: web servers have the others' ports
BLOCKED = "198.51.100.66"  # the book tspu-2022 blocks it
FIRST_LOCAL = 20001
SLOW, FAST = 400_000, 1_000_000  # bit/s: what the crowd test called slow, and its control good (fact E8)
PICTURE = 392_192  # bytes of the published replay (fact A8)
SMALL = 96 * 1024  # enough to tell slow from fast: six buckets of 16 KiB

_locals = itertools.cycle(range(FIRST_LOCAL, 60000))


def next_local():
    """A port that no session had lately: an end's kernel knows earlier ones for a minute."""
    return next(_locals)


def session(name, steps, **more):
    """A session with the usual values; both ends' ports and addresses can be set."""
    return {"id": name, "opener": "client", "port": PORT, "local": next_local(), "steps": steps, "seconds": 60, "cc": "cubic",
            "client": topology.CLIENT, "server": SERVER} | more


def send(by, data):
    return {"by": by, "hex": data.hex()}


def bulk(by, size=SMALL, **more):
    return {"by": by, "size": size} | more


def pause(by, seconds):
    return {"by": by, "pause": seconds}


def inject(by, flags, ttl, data=b"", spoiled=False, ahead=0):
    """`spoiled`: with a wrong TCP checksum, so that the other end ignores it where it gets there. `ahead`: it acknowledges so
    much more than came (a FIN that died on the way, say)."""
    return {"by": by, "inject": {"hex": data.hex(), "flags": flags, "ttl": ttl, "spoiled": spoiled, "ahead": ahead}}


def both(*steps):
    return {"both": list(steps)}


@dataclass
class Result:
    """A session as its two ends saw it, and each direction on the wire at the receiver, where it was captured."""
    session: dict
    client: dict
    server: dict
    wire: dict = field(default_factory=dict)  # "down", "up": figures.Direction at the receiver

    def arrived(self):
        """Steps as the receiving end noted them: (step number, note)."""
        out = []
        for number, step in enumerate(self.session["steps"]):
            for part in step.get("both", [step]):
                end = self.client if part["by"] == "server" else self.server
                notes = [n for n in end["steps"] if n["by"] == part["by"]]
                before = sum(1 for s in self.session["steps"][:number] for p in s.get("both", [s]) if p["by"] == part["by"])
                if before < len(notes):
                    out.append((number, notes[before]))
        return out

    def goodput(self, number=-1):
        """Payload bits a second of a step at its receiver, from when that waited for it; 0 where nothing came."""
        number %= len(self.session["steps"])
        notes = [note for at, note in self.arrived() if at == number]
        if not notes:
            return 0.0
        return min(n["bytes"] * 8 / max(n["end"] - n["begin"], 1e-4) for n in notes)

    def whole(self):
        return not (self.client["error"] or self.server["error"])


def play(lab, sessions, capture=None, snap=watch.SNAP):
    """Runs sessions, all at once; returns {id: Result}. `capture`: a folder for client.pcap and server.pcap."""
    plan = {"sessions": sessions}
    path = lab.path("plan.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    if not capture:
        return _results(sessions, *_run(lab, path))
    os.makedirs(capture, exist_ok=True)
    with watch.captures(lab, capture, {"client": "wire", "server": "wire"}, _filter(sessions), snap) as files:
        ends = _run(lab, path)
    results = _results(sessions, *ends)
    _add_wires(results, files)
    return results


def _filter(sessions):
    ports = sorted({s["port"] for s in sessions})
    return " or ".join(f"tcp port {port}" for port in ports)


def _run(lab, plan):
    """Both programs, once; their accounts."""
    outs, running = [lab.path("client.out"), lab.path("server.out")], []
    for role, out in zip(("client", "server"), outs):
        if os.path.exists(out):
            os.remove(out)
        running.append(subprocess.Popen(lab.at(role) + [sys.executable, PEER, role, plan, out], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    for process in running:
        if process.stdout.readline().strip() != "ready":
            raise ground.LabError(f"an end did not start: {process.stderr.read()[-400:]}")
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        wrong = process.communicate(timeout=7200)[1]
        if process.returncode != 0:
            raise ground.LabError(f"an end of the sessions failed: {wrong.strip()[-400:]}")
    return [json.load(open(out, encoding="utf-8")) for out in outs]


def _results(sessions, client, server):
    nobody = {"connected": False, "error": "nobody came", "steps": []}
    return {s["id"]: Result(s, client.get(s["id"], nobody), server.get(s["id"], nobody)) for s in sessions}


def _add_wires(results, files):
    """Sorts the captures' directions to the sessions, by the opener's port."""
    ports = {r.session["port"] for r in results.values()}
    seen = {end: {} for end in files}
    for end, path in files.items():
        for port in ports:
            for directions in figures.directions(path, port).values():
                for one in directions:
                    seen[end][(one.flow[1], one.flow[3])] = one
    for result in results.values():
        ours, theirs = _ends(result.session)
        for way, flow, receiver in ("down", (theirs, ours), "client"), ("up", (ours, theirs), "server"):
            if flow in seen[receiver]:
                result.wire[way] = seen[receiver][flow]


def inside_port(session):
    return session["local"] if session["opener"] == "client" else session["port"]


def _ends(session):
    """The inside's port, the outside's."""
    return inside_port(session), session["port"] if session["opener"] == "client" else session["local"]

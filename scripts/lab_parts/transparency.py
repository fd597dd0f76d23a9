"""Nothing else changes: what the book does not name crosses the box as it would a cable. Every check is made on both
address families where there are two, and those that can fail on the machine's account are counted, not only judged."""

import collections
import hashlib
import os
import subprocess

from . import bench, boxes, figures, frames, ground, servers, speed, topology, watch

BIG = 1_000_000_000
# What a kernel bridge keeps to itself by standard (IEEE 802.1Q, 8.6.3), so that it may stand in for the box here.
BRIDGE_KEEPS = ("LACP", "pause")


class Checks:
    """What was checked: (what, whether it is so, what was seen)."""

    def __init__(self):
        self.done = []

    def note(self, what, good, seen=""):
        self.done.append((what, bool(good), str(seen)))
        print(f"{'yes' if good else 'NO '}  {what}{': ' if seen else ''}{seen}", flush=True)


def echoes(lab, checks, count):
    for address in topology.SERVER, topology.SERVER6:
        said = lab.run("client", "ping", "-q", "-c", str(count), "-i", "0.001", address, seconds=120).stdout
        lost = next((line for line in said.splitlines() if "transmitted" in line), said)
        checks.note(f"{count} ICMP echoes to {address}, none lost, none doubled",
                    f"{count} packets transmitted, {count} received, 0% packet loss" in lost, lost.split(", time")[0])


def neighbours(lab, checks):
    """ARP and neighbour discovery across the box, from nothing."""
    for family, address in (("-4", topology.LINK2), ("-6", topology.LINK2_6)):
        for role in "router1", "router2":
            lab.do(role, "ip", family, "neigh", "flush", "dev", "wire")
        lab.run("router1", "ping", "-c", "1", "-W", "2", address)
        known = lab.do("router1", "ip", family, "neigh", "show", address, "dev", "wire")
        checks.note(f"{'ARP' if family == '-4' else 'neighbour discovery'} across the box", "lladdr" in known, known.strip())


def hops(lab, checks):
    """The box takes no TTL: the third hop is the server."""
    seen = []
    for ttl in 1, 2, 3:
        said = lab.run("client", "ping", "-n", "-c", "1", "-W", "2", "-t", str(ttl), topology.SERVER).stdout
        seen.append(next((word for line in said.splitlines()[1:2] for word in line.replace(":", "").split() if word.count(".") == 3), "?"))
    checks.note("three hops to the server: the box is none", seen == ["192.0.2.1", topology.LINK2, topology.SERVER], ", ".join(seen))


def fragments(lab, checks):
    for address in topology.SERVER, topology.SERVER6:
        said = lab.run("client", "ping", "-q", "-c", "20", "-i", "0.02", "-s", "4000", address).stdout
        checks.note(f"datagrams of 4,000 bytes in fragments to {address}", "20 received" in said)


def jumbo(lab, checks):
    topology.set_mtu(lab, topology.BOX_MTU)
    for address, head in (topology.SERVER, 28), (topology.SERVER6, 48):
        said = lab.run("client", "ping", "-q", "-c", "20", "-i", "0.02", "-M", "do", "-s", str(topology.BOX_MTU - head), address).stdout
        checks.note(f"jumbo frames of {topology.BOX_MTU} bytes to {address}", "20 received" in said)
    fetch(lab, checks, "4", "clip.bin", "in jumbo frames")
    _cross(lab, checks, topology.BOX_MTU, "up to 9,000 bytes")
    topology.set_mtu(lab, 1500)


def _cross(lab, checks, largest, sizes):
    skip = BRIDGE_KEEPS if lab.fact("box") == "bridge" else ()
    for sender, receiver, way in ("router1", "router2", "outwards"), ("router2", "router1", "inwards"):
        wrong = frames.cross(lab, sender, receiver, largest, skip)
        checks.note(f"{len(frames.kinds(largest)) - len(skip)} kinds of frames {way}, {sizes}: once, byte for byte, none back",
                    not wrong, "; ".join(f"{what} {how}" for what, how in wrong.items()))


def raw_frames(lab, checks):
    _cross(lab, checks, 1500, "up to 1,500 bytes")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(lab, checks, family, name, how=""):
    """Downloads a file over TLS and compares its hash with the original's."""
    command = lab.at("client") + ["curl", f"-{family}skf", "--max-time", "300", f"https://www.example.com/{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
        got, size = hashlib.sha256(), 0
        while piece := curl.stdout.read(1 << 20):
            got.update(piece)
            size += len(piece)
    checks.note(f"{size:,} bytes over TLS on IPv{family}{' ' if how else ''}{how}: the hash is right",
                got.hexdigest() == digest(lab.path("www", name)))


def upload(lab, checks):
    """A file that goes up comes out as it went in: openssl reads the other end."""
    path = lab.path("www/clip.bin")
    out = lab.path("uploaded.bin")
    with open(out, "wb") as file, subprocess.Popen(
            lab.at("server") + ["timeout", "60", "openssl", "s_server", "-quiet", "-naccept", "1", "-accept", "8444", "-cert",
                                lab.path("cert.pem"), "-key", lab.path("key.pem")],
            stdin=subprocess.PIPE, stdout=file, stderr=subprocess.DEVNULL):
        ground.wait_for(lambda: ":8444" in lab.do("server", "ss", "-Hltn"), 10, "openssl s_server did not start")
        with open(path, "rb") as source:
            lab.run("client", "openssl", "s_client", "-quiet", "-no_ign_eof", "-nocommands", "-connect", f"{topology.SERVER}:8444", "-servername",
                    "www.example.com", stdin=source, capture_output=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checks.note("2 MB up through openssl s_client: the hash is right", digest(out) == digest(path))


def long_file(lab):
    """A gigabyte in the web server's folder."""
    with open(lab.path("www/long.bin"), "wb") as out, open(lab.path("www/film.bin"), "rb") as film:
        block = film.read()
        for number in range(BIG // len(block)):
            out.write(number.to_bytes(8, "big") + block[8:])


def options(lab, checks):
    """What the ends agreed on in a TCP handshake across the box."""
    with watch.Sockets(lab, "server", 0.05) as far, watch.Sockets(lab, "client", 0.05) as near:
        lab.run("client", "curl", "-4sko", "/dev/null", "--limit-rate", "40M", "https://www.example.com/film.bin")
    for sockets, place in (near, "client"), (far, "server"):
        seen = [s for ends, samples in sockets.samples.items() if 443 in ends for s in samples]
        checks.note(f"SACK and ECN are negotiated, says the {place}", seen and all(s["sack"] and s["ecn"] for s in seen))


def everything(lab, checks, folder):
    """Real clients of every protocol: each packet that goes into the box comes out as it was."""
    with watch.captures(lab, folder, {"router1": "wire", "router2": "wire"}, "ip or ip6 or arp", 65535) as files:
        lab.run("client", "curl", "-sko", "/dev/null", "-o", "/dev/null", "https://example.org/clip.bin",
                "http://www.example.com/small.bin")
        lab.run("client", "curl", "-6sko", "/dev/null", "https://example.org/clip.bin")
        for site in "www.example.com", servers.CADDY_SITE:
            lab.run("client", "gtlsclient", "-q", "--exit-on-all-streams-close", site, "443", f"https://{site}/small.bin")
        lab.run("client", "ping", "-c", "5", "-i", "0.05", "-s", "3000", topology.SERVER)
    counts = {role: collections.Counter(frame.data for frame in figures.capture_files.read(path)) for role, path in files.items()}
    kinds = collections.Counter(segment.protocol for segment in figures.capture_files.segments(files["router1"]))
    # A frame that is changed stands on one side only, and so does one that a busy machine lost: a few of the latter.
    alone = sum(((counts["router1"] - counts["router2"]) + (counts["router2"] - counts["router1"])).values())
    same = alone * 200 <= sum(counts["router1"].values())
    checks.note("TLS, HTTP, QUIC, HTTP/3, DNS and ping: all frames leave as they came", same and kinds[6] > 1000 and kinds[17] > 50,
                f"{sum(counts['router1'].values())} frames, {kinds[6]} TCP, {kinds[17]} UDP")
    for path in files.values():
        os.remove(path)


def check_all(lab, checks, folder, quick):
    echoes(lab, checks, 1000 if quick else 10_000)
    neighbours(lab, checks)
    hops(lab, checks)
    fragments(lab, checks)
    raw_frames(lab, checks)
    options(lab, checks)
    everything(lab, checks, folder)
    upload(lab, checks)
    jumbo(lab, checks)
    if quick:
        fetch(lab, checks, "6", "film.bin")
    else:
        long_file(lab)
        fetch(lab, checks, "4", "long.bin")
        fetch(lab, checks, "6", "long.bin")
        os.remove(lab.path("www/long.bin"))


def run(order):
    checks = Checks()
    book = os.path.join(boxes.TOP, "rules/book/demo.cfg")
    with bench.standing_lab(order.name, bench.Wanted(order.box, book, port_kind=order.port_kind, ring=None)) as lab:
        check_all(lab, checks, order.out, order.quick)
        speeds = speed.compare(lab, order, book)
    text = figures.table(["check", "holds", "seen"], [(what, "yes" if good else "NO", seen) for what, good, seen in checks.done])
    figures.keep(order, "transparency", {"checks": checks.done, "speed": speeds}, text + "\n\n" + speed.text(speeds))
    return all(good for _, good, _ in checks.done)



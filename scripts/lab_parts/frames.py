"""Raw frames across the box, whatever they are: each must come out of the other side once, byte for byte, in order, and
never out of the side it came from."""

import contextlib
import ctypes
import socket
import struct
import time

ALL = 3  # ETH_P_ALL
PACKET_AUXDATA, SOL_PACKET, OUTGOING = 8, 263, 4
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6
CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def _inside(space):
    """The calling thread is in a network namespace; sockets that it opens stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{space}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {space}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def listen(lab, role, device):
    """A socket that hears every frame of a device, with its VLAN tag, and can send frames."""
    with _inside(lab.space(role)):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 32 << 20)
    sock.bind((device, 0))
    sock.setblocking(False)
    return sock


def heard(sock):
    """The frames that arrived so far; what the own side sent is left out."""
    out = []
    while True:
        try:
            data, extras, _, address = sock.recvmsg(65536, 256)
        except BlockingIOError:
            return out
        if address[2] != OUTGOING:
            out.append(_with_tag(data, extras))


def _with_tag(data, extras):
    """The kernel takes the outer tag off before it shows a frame (packet(7), PACKET_AUXDATA); puts it back."""
    for level, kind, value in extras:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tag, protocol = struct.unpack_from("IIIHHHH", value)
            if status & VLAN_VALID:
                return data[:12] + struct.pack(">HH", protocol if status & TPID_VALID else 0x8100, tag) + data[12:]
    return data


def _frame(target, rest, number):
    """A frame from a station of its own, at least 60 bytes, that is told from all others by its number."""
    body = bytes.fromhex(target.replace(":", "")) + bytes.fromhex("02c0ffee0001") + rest + struct.pack(">I", number)
    return body + bytes((number * 7 + i) & 255 for i in range(max(0, 60 - len(body))))


def _udp(size, number, family=4):
    """An IP packet with a UDP datagram, checksums left out where the protocol allows or wrong on purpose."""
    top = struct.pack(">HHHH", 40000, 9, 8 + size, 0) + bytes((number + i) & 255 for i in range(size))
    if family == 6:
        ends = socket.inet_pton(socket.AF_INET6, "2001:db8:1::77") + socket.inet_pton(socket.AF_INET6, "2001:db8:2::77")
        return struct.pack(">IHBB", 0x60000000, len(top), 17, 9) + ends + top
    ends = socket.inet_aton("192.0.2.77") + socket.inet_aton("198.51.100.77")
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(top), number, 0, 9, 17, 0) + ends + top


def kinds(largest):
    """What is sent: (what it is, target, the rest of the frame from its type on)."""
    noise = bytes(range(256)) * 40
    station = "02:c0:ff:ee:00:02"
    ip4, ip6 = b"\x08\x00", b"\x86\xdd"
    return [
        ("LLDP", "01:80:c2:00:00:0e", b"\x88\xcc" + bytes.fromhex("020704020000000001040704020000000001060200780000")),
        ("STP", "01:80:c2:00:00:00", b"\x00\x26" + bytes.fromhex("424203") + bytes(35)),
        ("RSTP to the provider group", "01:80:c2:00:00:08", b"\x00\x27" + bytes.fromhex("424203") + bytes(36)),
        ("LACP", "01:80:c2:00:00:02", b"\x88\x09\x01" + noise[:109]),
        ("pause", "01:80:c2:00:00:01", b"\x88\x08\x00\x01" + bytes(42)),
        ("802.1X", "01:80:c2:00:00:03", b"\x88\x8e" + noise[:40]),
        ("CDP in SNAP", "01:00:0c:cc:cc:cc", b"\x00\x60\xaa\xaa\x03\x00\x00\x0c\x20\x00" + noise[:88]),
        ("unknown type", station, b"\x88\xb5" + noise[:300]),
        ("unknown type to all", "ff:ff:ff:ff:ff:ff", b"\x88\xb6" + noise[:46]),
        ("largest frame", station, b"\x88\xb5" + noise[:largest - 4]),
        ("MPLS", station, b"\x88\x47\x00\x01\x01\x40" + _udp(100, 1)),
        ("PPPoE session", station, b"\x88\x64\x11\x00\x00\x01\x00\x82\x00\x21" + _udp(100, 2)),
        ("802.1Q", station, b"\x81\x00\x00\x64" + ip4 + _udp(200, 3)),
        ("802.1Q, IPv6", station, b"\x81\x00\x00\x64" + ip6 + _udp(200, 4, 6)),
        ("802.1Q with priority and DEI", station, b"\x81\x00\xf0\x01" + ip4 + _udp(60, 5)),
        ("priority tag", station, b"\x81\x00\xa0\x00" + ip4 + _udp(60, 6)),
        ("802.1ad", station, b"\x88\xa8\x00\x0a" + ip4 + _udp(60, 7)),
        ("802.1ad over 802.1Q", station, b"\x88\xa8\x00\x0a\x81\x00\x00\x0b" + ip4 + _udp(1400, 8)),
        ("802.1Q twice", station, b"\x81\x00\x00\x0a\x81\x00\x00\x0b" + ip4 + _udp(60, 9)),
        ("802.1Q full size", station, b"\x81\x00\x00\x64" + ip4 + _udp(1472 - 4, 10)),
        ("IPv4, UDP without a sum", station, ip4 + _udp(500, 11)),
        ("IPv4, header sum wrong", station, ip4 + _udp(20, 12)),
        ("IPv4 that ends early", station, ip4 + _udp(400, 13)[:60]),
        ("IPv6, no sum", station, ip6 + _udp(400, 14, 6)),
        ("IPv4 with trailing bytes", station, ip4 + _udp(4, 15) + noise[:30]),
        ("IP of version 0", station, ip4 + bytes(50)),
        ("ARP for nobody here", "ff:ff:ff:ff:ff:ff", b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\xc0\xff\xee\x00\x01" +
         socket.inet_aton("192.0.2.77") + bytes(6) + socket.inet_aton("192.0.2.78")),
    ]


def cross(lab, sender, receiver, largest, skip=()):
    """Sends every kind of frame from one router towards the other; returns what went wrong, by kind of frame."""
    wrong = {}
    with listen(lab, sender, "wire") as near, listen(lab, receiver, "wire") as far:
        sent = [(what, _frame(target, rest, number)) for number, (what, target, rest) in enumerate(kinds(largest))
                if what not in skip]
        for _, frame in sent:
            near.send(frame)
        arrived, end = [], time.monotonic() + 3
        while len(arrived) < len(sent) and time.monotonic() < end:
            arrived += [f for f in heard(far) if f[6:12] == sent[0][1][6:12]]
            time.sleep(0.02)
        time.sleep(0.2)
        arrived += [f for f in heard(far) if f[6:12] == sent[0][1][6:12]]
        back = [f for f in heard(near) if f[6:12] == sent[0][1][6:12]]
    for what, frame in sent:
        if arrived.count(frame) != 1:
            wrong[what] = f"arrived {arrived.count(frame)} times"
        if frame in back:
            wrong[what] = "came back"
    strangers = [frame for frame in arrived + back if frame not in [f for _, f in sent]]
    if strangers:
        wrong["changed"] = f"{len(strangers)} frames that nobody sent, the first: {strangers[0][:64].hex()}"
    if not wrong and arrived != [frame for _, frame in sent]:
        wrong["order"] = "all arrived, in another order"
    return wrong

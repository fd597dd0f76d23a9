"""Reads and writes capture files for the project's scripts: pcap and pcapng, micro- and nanoseconds, standard library
only. What is damaged or cut off is read as far as it goes."""

import ipaddress
import struct
import sys
from collections import namedtuple

# Time in nanoseconds; `length` is the original length, `data` what was captured of it.
Frame = namedtuple("Frame", "time data length link")

# One TCP or UDP packet. `fingerprint` tells it from others of its flow without what a box on the way may change
# (TTL, DSCP, checksums). `ip_bytes` is the IP total length.
Segment = namedtuple(
    "Segment", "time flow protocol ip_bytes seq ack flags payload ts_value ts_echo fingerprint")

ETHERNET, RAW, LINUX_SLL, LINUX_SLL2, NULL, LOOP = 1, 101, 113, 276, 0, 108
FIN, SYN, RST, ACK = 1, 2, 4, 16


def read(path):
    """Yields the frames of a capture file."""
    with open(path, "rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == b"\x0a\x0d\x0d\x0a":
            yield from _read_pcapng(file)
        else:
            yield from _read_pcap(file, path)


def _read_pcap(file, path):
    header = file.read(24)
    if len(header) < 24:
        raise ValueError(f"{path}: no capture file")
    for order in "<", ">":
        scale = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}.get(struct.unpack(order + "I", header[:4])[0])
        if scale:
            break
    else:
        raise ValueError(f"{path}: neither pcap nor pcapng")
    link = struct.unpack(order + "I", header[20:24])[0] & 0x0FFFFFFF
    record = struct.Struct(order + "IIII")
    while len(head := file.read(16)) == 16:
        seconds, fraction, captured, length = record.unpack(head)
        data = file.read(captured)
        if len(data) < captured:
            return
        yield Frame(seconds * 10**9 + fraction * scale, data, length, link)


def _read_pcapng(file):
    order, interfaces = "<", []
    while len(head := file.read(8)) == 8:
        if head[:4] == b"\x0a\x0d\x0d\x0a":
            magic = file.read(4)
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
            kind, size = 0x0A0D0D0A, struct.unpack(order + "I", head[4:])[0]
            body = file.read(max(size - 12, 0))
        else:
            kind, size = struct.unpack(order + "II", head)
            body = file.read(max(size - 8, 0))
            if len(body) < size - 8 or size < 12:
                return
        if kind == 1:
            interfaces.append(_interface(order, body))
        elif kind == 6 and len(body) >= 20:
            index, high, low, captured, length = struct.unpack(order + "IIIII", body[:20])
            if index < len(interfaces):
                link, ticks, offset = interfaces[index]
                time = (high << 32 | low) * 10**9 // ticks + offset * 10**9
                yield Frame(time, body[20:20 + captured], length, link)


def _interface(order, body):
    """Link type, ticks a second and offset in seconds of an interface description block."""
    link, ticks, offset, at = struct.unpack(order + "H", body[:2])[0], 10**6, 0, 8
    while at + 4 <= len(body) - 4:
        code, size = struct.unpack(order + "HH", body[at:at + 4])
        value = body[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
        if code == 0:
            break
        if code == 9 and size == 1:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == 14 and size == 8:
            offset = struct.unpack(order + "q", value)[0]
    return link, ticks, offset


def _block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def write(path, frames, comment):
    """Writes frames of one link type as pcapng with nanoseconds."""
    with open(path, "wb") as file:
        text = comment.encode()
        option = struct.pack("<HH", 1, len(text)) + text + b"\0" * (-len(text) % 4) + struct.pack("<HH", 0, 0)
        file.write(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + option))
        described = False
        for frame in frames:
            if not described:
                resolution = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
                file.write(_block(1, struct.pack("<HHI", frame.link, 0, 262144) + resolution))
                described = True
            head = struct.pack("<IIIII", 0, frame.time >> 32, frame.time & 0xFFFFFFFF, len(frame.data), frame.length)
            file.write(_block(6, head + frame.data))


def packets(path):
    """Yields each frame of a capture file with the TCP or UDP packet in it; None for fragments and what is not IP."""
    for frame in read(path):
        at = _network(frame)
        yield frame, _segment(frame, *at) if at else None


def segments(path):
    """Yields the TCP and UDP packets of a capture file; fragments and what is not IP are passed over."""
    return (segment for _, segment in packets(path) if segment)


def payload(frame, segment):
    """The bytes that a TCP segment of a frame carries, as far as they were captured."""
    kind, at = _network(frame)
    top = at + ((frame.data[at] & 15) * 4 if kind == 0x0800 else 40)
    begin = top + (frame.data[top + 12] >> 4) * 4
    return frame.data[begin:begin + segment.payload]


def _network(frame):
    """EtherType and offset of the network header."""
    data = frame.data
    if frame.link in (RAW, 12):
        return (0x0800 if data[:1] and data[0] >> 4 == 4 else 0x86DD), 0
    if frame.link in (NULL, LOOP):
        return (0x0800 if len(data) > 4 and data[4] >> 4 == 4 else 0x86DD), 4
    at = {ETHERNET: 12, LINUX_SLL: 14, LINUX_SLL2: 0}.get(frame.link)
    if at is None or len(data) < at + 2:
        return None
    kind = int.from_bytes(data[at:at + 2], "big")
    at = 20 if frame.link == LINUX_SLL2 else at + 2
    while kind in (0x8100, 0x88A8, 0x9100) and len(data) >= at + 4:
        kind = int.from_bytes(data[at + 2:at + 4], "big")
        at += 4
    return kind, at


def _segment(frame, kind, at):
    data = frame.data
    if kind == 0x0800 and len(data) >= at + 20 and data[at] >> 4 == 4:
        header, protocol = (data[at] & 15) * 4, data[at + 9]
        ip_bytes = int.from_bytes(data[at + 2:at + 4], "big") or frame.length - at
        if int.from_bytes(data[at + 6:at + 8], "big") & 0x3FFF:
            return None
        source, target = data[at + 12:at + 16], data[at + 16:at + 20]
        mark = data[at + 4:at + 6]
    elif kind == 0x86DD and len(data) >= at + 40 and data[at] >> 4 == 6:
        header, protocol = 40, data[at + 6]
        size = int.from_bytes(data[at + 4:at + 6], "big")
        ip_bytes = size + 40 if size else frame.length - at
        source, target = data[at + 8:at + 24], data[at + 24:at + 40]
        mark = b""
    else:
        return None
    top = data[at + header:]
    if protocol == 17 and len(top) >= 8:
        return Segment(frame.time, _flow(source, target, top), 17, ip_bytes, 0, 0, 0, ip_bytes - header - 8, 0, 0,
                       (mark, ip_bytes, top[8:72]))
    if protocol == 6 and len(top) >= 20:
        seq, ack = struct.unpack(">II", top[4:12])
        size = (top[12] >> 4) * 4
        value, echo = _time_stamps(top[20:size])
        return Segment(frame.time, _flow(source, target, top), 6, ip_bytes, seq, ack, top[13], ip_bytes - header - size,
                       value, echo, (mark, ip_bytes, top[:16], top[20:size]))
    return None


def _flow(source, target, ports):
    return (source, int.from_bytes(ports[:2], "big"), target, int.from_bytes(ports[2:4], "big"))


def _time_stamps(options):
    at = 0
    while at + 1 < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if options[at] == 8 and at + 10 <= len(options):
            return struct.unpack(">II", options[at + 2:at + 10])
        at += max(options[at + 1], 2)
    return 0, 0


def name_of(flow):
    """A flow as text: one direction of a conversation."""
    def end(address, port):
        host = ipaddress.ip_address(address)
        return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"
    return f"{end(flow[0], flow[1])} > {end(flow[2], flow[3])}"


def snap(source, target, whole, size, comment):
    """Copies a capture in order of time: the first `whole` packets of each conversation stay as they are, later ones
    keep `size` bytes."""
    seen = {}

    def shortened():
        for frame, segment in sorted(packets(source), key=lambda packet: packet[0].time):
            if segment:
                ends = frozenset((segment.flow[:2], segment.flow[2:])), segment.protocol
                seen[ends] = seen.get(ends, 0) + 1
                if seen[ends] > whole:
                    frame = frame._replace(data=frame.data[:size])
            yield frame
    write(target, shortened(), comment)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit("usage: capture_files.py IN OUT WHOLE_PACKETS SNAP_BYTES COMMENT")
    snap(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])

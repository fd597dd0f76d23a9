"""Floods, at whatever rate this machine makes them. Run inside a namespace:

  floods.py KIND DEVICE SECONDS [RATE]     prints how many frames were sent, at most RATE a second

Kinds: syn (connections from random addresses), hello (a new TLS flow with a random server name each), fragments (first
parts of datagrams that never become whole), malformed (headers with random bytes in them). The frames go to an
Ethernet address that nobody has, so that only the box has to do with them."""

import random
import socket
import struct
import sys
import time

NOBODY = bytes.fromhex("020000000099") + bytes.fromhex("020000000098")
KINDS = ("syn", "hello", "fragments", "malformed")
BATCH = 4096  # different frames, which are then changed a little each time


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ipv4(payload, protocol, draw, fragment=0):
    """From a random inside address to a random outside one."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), draw.getrandbits(16), fragment, 64, protocol, 0,
                       bytes((192, 0, 2, draw.randrange(20, 250))), bytes((198, 51, 100, draw.randrange(20, 250))))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(payload, protocol, draw):
    inside = bytes.fromhex("20010db800010000") + draw.randbytes(8)
    outside = bytes.fromhex("20010db800020000") + draw.randbytes(8)
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), protocol, 64, inside, outside) + payload


def tcp(flags, payload, draw):
    return struct.pack(">HHIIBBHHH", draw.randrange(1024, 65536), 443, draw.getrandbits(32), 1, 0x50, flags, 65535, 0, 0) + payload


def hello(draw):
    """A ClientHello with a random server name, as few fields as there can be."""
    name = b"%012x.flood.example" % draw.getrandbits(48)
    sni = struct.pack(">HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    body = b"\x03\x03" + draw.randbytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + struct.pack(">H", len(sni)) + sni
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


def frame(kind, draw):
    if kind == "syn":
        return NOBODY + b"\x86\xdd" + ipv6(tcp(2, b"", draw), 6, draw)
    if kind == "hello":
        return NOBODY + b"\x86\xdd" + ipv6(tcp(0x18, hello(draw), draw), 6, draw)
    if kind == "fragments":
        return NOBODY + b"\x08\x00" + ipv4(draw.randbytes(64), 17, draw, fragment=0x2000)
    whole = bytearray(NOBODY + (b"\x08\x00" + ipv4(tcp(0x18, hello(draw), draw), 6, draw)))
    for _ in range(draw.randrange(1, 6)):
        whole[draw.randrange(14, min(len(whole), 80))] = draw.getrandbits(8)
    return bytes(whole[:draw.randrange(14, len(whole) + 1)]) if draw.random() < 0.5 else bytes(whole)


def flood(kind, device, seconds, rate=float("inf")):
    draw = random.Random(1)
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((device, 0))
    frames = [bytearray(frame(kind, draw)) for _ in range(BATCH)]
    begin, sent, offset = time.monotonic(), 0, 14 + (12 if kind in ("fragments", "malformed") else 16)
    while time.monotonic() < begin + seconds:
        time.sleep(max(0, begin + sent / rate - time.monotonic()))
        word = draw.getrandbits(32).to_bytes(4, "big")  # of the sender's address or what stands near it: other flows
        for one in frames[:512]:
            if len(one) >= offset + 4 and kind in ("syn", "hello"):
                one[offset:offset + 4] = word
            elif len(one) > 20:
                one[18:20] = word[:2]
            try:
                out.send(one)
                sent += 1
            except OSError:  # the device's queue is full, or the frame is too short for it
                continue
        frames = frames[512:] + frames[:512]
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])))

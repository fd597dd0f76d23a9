"""An ICMP echo in two IPv4 fragments, the second with a TTL of its own.

  split_echo.py SOURCE TARGET TTL       prints 1 where it was answered within 1.5 s, else 0"""

import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab_parts.floods import checksum  # noqa: E402

MORE, CUT, FAR, PATIENCE = 0x2000, 32, 64, 1.5


def echo():
    body = struct.pack(">BBHHH", 8, 0, 0, 77, 1) + bytes(range(56))
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def send(source, target, ttl):
    ends, whole = (socket.inet_aton(source), socket.inet_aton(target)), echo()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for piece, hops, place in (whole[:CUT], FAR, MORE), (whole[CUT:], ttl, CUT // 8):
            head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(piece), 4000 + ttl, place, hops, 1, 0, *ends)
            raw.sendto(head + piece, (target, 0))


def answered(listener, target):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            data, who = listener.recvfrom(2048)
        except TimeoutError:
            return False
        if who[0] == target and data[20] == 0:
            return True
    return False


def main(source, target, ttl):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as listener:
        listener.settimeout(PATIENCE)
        send(source, target, int(ttl))
        print(int(answered(listener, target)))


if __name__ == "__main__":
    main(*sys.argv[1:])

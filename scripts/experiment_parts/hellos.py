"""What the experiments send: ClientHellos with a map of their fields, other TLS records, proxies' greetings, noise."""

import random
import struct
from dataclasses import dataclass

RECORD, HANDSHAKE = 5, 4  # bytes of header
# The fields that the measured box insisted on (facts C2, C3), and the name itself.
REQUIRED = ("content type", "record length", "handshake type", "handshake length", "session id length", "cipher suites length",
            "server name extension type", "server name type", "server name")
# What any reader must follow to find the name; nothing is published of them.
STRUCTURE = ("compression length", "extensions length", "server name extension length", "server name list length",
             "server name length", "extension length before the name")


@dataclass
class Hello:
    """A TCP payload with one ClientHello, and where its fields lie: (name, first byte, behind its last)."""
    data: bytes
    fields: list

    def field_at(self, offset):
        return next(name for name, begin, end in self.fields if begin <= offset < end)


class _Writer:
    def __init__(self):
        self.data, self.fields = bytearray(), []

    def put(self, name, data):
        self.fields.append((name, len(self.data), len(self.data) + len(data)))
        self.data += data
        return len(self.data) - len(data)

    def set16(self, at, value):
        self.data[at:at + 2] = struct.pack(">H", value)


def client_hello(name, padded_to=0, seed=1):
    """A TLS 1.3 hello in one record. `padded_to`: whole payload's size, by the padding extension (RFC 7685)."""
    chance = random.Random(seed)
    out = _Writer()
    out.put("content type", b"\x16")
    out.put("record version", b"\x03\x01")
    record = out.put("record length", b"\0\0")
    out.put("handshake type", b"\x01")
    handshake = out.put("handshake length", b"\0\0\0")
    out.put("hello version", b"\x03\x03")
    out.put("random", chance.randbytes(32))
    out.put("session id length", b"\x20")
    out.put("session id", chance.randbytes(32))
    suites = bytes.fromhex("130113021303c02bc02fc02cc030")
    out.put("cipher suites length", struct.pack(">H", len(suites)))
    out.put("cipher suites", suites)
    out.put("compression length", b"\x01")
    out.put("compression", b"\0")
    extensions = out.put("extensions length", b"\0\0")
    _extensions(out, name.encode(), chance)
    if padded_to:
        room = padded_to - len(out.data) - 4
        out.put("padding extension", struct.pack(">HH", 21, room) + bytes(room))
    out.set16(record, len(out.data) - RECORD)
    out.data[handshake:handshake + 3] = (len(out.data) - RECORD - HANDSHAKE).to_bytes(3, "big")
    out.set16(extensions, len(out.data) - extensions - 2)
    return Hello(bytes(out.data), out.fields)


def _extensions(out, name, chance):
    out.put("extension type before the name", b"\0\x17")  # extended master secret
    out.put("extension length before the name", b"\0\0")
    out.put("server name extension type", b"\0\0")
    out.put("server name extension length", struct.pack(">H", len(name) + 5))
    out.put("server name list length", struct.pack(">H", len(name) + 3))
    out.put("server name type", b"\0")
    out.put("server name length", struct.pack(">H", len(name)))
    out.put("server name", name)
    for title, kind, body in (("supported groups", 10, bytes.fromhex("0004001d0017")),
                              ("signature algorithms", 13, bytes.fromhex("0006040308040401")),
                              ("supported versions", 43, bytes.fromhex("0403040303")),
                              ("key share", 51, b"\0\x24\0\x1d\0\x20" + chance.randbytes(32))):
        out.put(f"{title}: type and length", struct.pack(">HH", kind, len(body)))
        out.put(title, body)


def records(handshake, cut):
    """One handshake message in two TLS records, cut behind so many bytes of it."""
    parts = handshake[:cut], handshake[cut:]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(part)) + part for part in parts)


def inverted(data, begin=0, end=None):
    """Bits turned over: the published control, and the published mask."""
    end = len(data) if end is None else end
    return data[:begin] + bytes(byte ^ 0xFF for byte in data[begin:end]) + data[end:]


def change_cipher_spec():
    return b"\x14\x03\x03\0\x01\x01"


def application_data(size, seed=2):
    """A TLS record that a reader knows for one."""
    return b"\x17\x03\x03" + struct.pack(">H", size - RECORD) + random.Random(seed).randbytes(size - RECORD)


def noise(size, seed=3):
    """A payload that nothing recognises: its first byte begins no protocol's greeting, no TLS record and no text."""
    return b"\xc1" + random.Random(seed).randbytes(size - 1) if size else b""


def connect(host, port=443):
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode(), b"HTTP/1.1 200 Connection established\r\n\r\n"


def socks5(host, port=443):
    """What client and proxy say before the tunnel stands (RFC 1928), by turns."""
    asked = b"\x05\x01\0\x03" + bytes([len(host)]) + host.encode() + struct.pack(">H", port)
    return b"\x05\x01\0", b"\x05\0", asked, b"\x05\0\0\x01" + bytes(6)


def socks4(port=443):
    return b"\x04\x01" + struct.pack(">H", port) + bytes([198, 51, 100, 7]) + b"user\0", b"\0\x5a" + bytes(6)


def server_flight(name):
    """A TLS 1.2 ServerHello and a Certificate in clear whose subject is the name (fact B4). The certificate's body is DER as
    far as the name, and noise behind it: no box needs to check it."""
    chance = random.Random(4)
    hello = b"\x03\x03" + chance.randbytes(32) + b"\0" + b"\xc0\x2f" + b"\0" + b"\0\0"
    common = b"\x31" + bytes([len(name) + 9]) + b"\x30" + bytes([len(name) + 7]) + b"\x06\x03\x55\x04\x03\x0c" + bytes([len(name)]) + name.encode()
    body = b"\x30\x82\x02\x00" + common + chance.randbytes(500 - len(common))
    chain = len(body).to_bytes(3, "big") + body
    messages = b"".join(kind + len(part).to_bytes(3, "big") + part
                        for kind, part in ((b"\x02", hello), (b"\x0b", len(chain).to_bytes(3, "big") + chain)))
    return b"\x16\x03\x03" + struct.pack(">H", len(messages)) + messages

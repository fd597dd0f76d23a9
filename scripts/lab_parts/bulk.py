"""Sends and receives bulk data over TCP with a congestion control that it asked for, and checked, on its own socket.

  bulk.py serve PORT FOLDER                     answers `get` and `put`; what a sending socket saw goes to FOLDER
  bulk.py get|put ADDRESS PORT SECONDS CC [LOCAL_PORT]   a client; prints one JSON object

The object: bytes received in every tenth of a second (`tenths`, from the first byte), and of the sending socket: the
congestion control that was in force (`cc`), segments sent again (`retransmitted`), smoothed and least round-trip time."""

import json
import socket
import struct
import sys
import threading
import time

CHUNK = 1 << 16
NAMES = 16  # TCP_CA_NAME_MAX


def use(sock, name):
    """Sets a congestion control, and fails where another one is in force."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
    now = in_force(sock)
    if now != name:
        raise OSError(f"congestion control is {now}, not {name}")


def in_force(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, NAMES).split(b"\0")[0].decode()


def told(sock):
    """What TCP_INFO tells of a sending socket (struct tcp_info, linux/tcp.h)."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    rtt, = struct.unpack_from("=I", info, 8 + 15 * 4)
    total_retrans, = struct.unpack_from("=I", info, 8 + 23 * 4)
    sent, = struct.unpack_from("=I", info, 136)
    least, = struct.unpack_from("=I", info, 148)
    return {"cc": in_force(sock), "retransmitted": total_retrans, "segments": sent, "rtt_ms": rtt / 1e3, "rtt_least_ms": least / 1e3}


def send(sock, seconds):
    """Sends zeros for so long, then closes its half; returns what the socket saw."""
    sock.settimeout(0.2)
    data, end = bytes(CHUNK), time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            sock.send(data)
        except TimeoutError:
            pass
        except OSError as error:
            return told(sock) | {"error": str(error)}
    return told(sock)


def receive(sock, seconds):
    """Counts what arrives until the other side closes, or for so long."""
    buffer, tenths, begin = bytearray(CHUNK), [], None
    sock.settimeout(0.2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            got = sock.recv_into(buffer)
        except TimeoutError:
            continue
        except OSError:
            break
        if got == 0:
            break
        now = time.monotonic()
        begin = begin or now
        place = int((now - begin) * 10)
        tenths += [0] * (place + 1 - len(tenths))
        tenths[place] += got
    return tenths


def answer(sock, peer, folder):
    """One connection: `get SECONDS CC` or `put SECONDS`, a line."""
    with sock:
        line = b""
        while not line.endswith(b"\n"):
            piece = sock.recv(1)
            if not piece:
                return
            line += piece
        words = line.decode().split()
        if words[0] == "get":
            use(sock, words[2])
            result = send(sock, float(words[1]))
        else:
            result = {"tenths": receive(sock, float(words[1]) + 2)}
        with open(f"{folder}/bulk-{peer[1]}.json", "w", encoding="utf-8") as file:
            json.dump(result, file)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def serve(port, folder):
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128) as listener:
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=answer, args=(sock, peer, folder), daemon=True).start()


def talk(verb, address, port, seconds, name, local=0):
    """A client's transfer; for `put`, what the server received is in its folder."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", local))
        use(sock, name)
        sock.settimeout(20)
        sock.connect((address, port))
        local = sock.getsockname()[1]
        if verb == "get":
            sock.sendall(f"get {seconds} {name}\n".encode())
            return {"local_port": local, "tenths": receive(sock, seconds + 1)}
        sock.sendall(f"put {seconds}\n".encode())
        return {"local_port": local} | send(sock, seconds)


def main(words):
    if words[0] == "serve":
        serve(int(words[1]), words[2])
    else:
        print(json.dumps(talk(words[0], words[1], int(words[2]), float(words[3]), words[4], *map(int, words[5:]))))


if __name__ == "__main__":
    main(sys.argv[1:])

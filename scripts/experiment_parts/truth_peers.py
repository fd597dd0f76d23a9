"""The two ends of labelled flows: downloads of a given size over TCP, many at once, each with its own port, congestion
control and pacing, and a TLS ClientHello in front that names a host.

  truth_peers.py serve PORT FOLDER        what each sending socket saw goes to FOLDER/peer-CLIENTPORT.json
  truth_peers.py fetch ADDRESS PORT       the flows are a JSON list on standard input; prints what came of each

What follows the hello is a line that asks the server for its part, and zeros. A control's bytes are all inverted."""

import fcntl
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab_parts import bulk  # noqa: E402

SIOCOUTQ = 0x5411  # bytes not yet acknowledged (linux/sockios.h)
SO_MAX_PACING_RATE = 47
INVERT = bytes(255 - i for i in range(256))
HANDSHAKE = 0x16


def hello(host):
    """A ClientHello as OpenSSL writes it."""
    context, came, goes = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(came, goes, server_hostname=host).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return goes.read()


def read(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise OSError("ended in the middle")
        data += piece
    return data


def asked(sock):
    """Reads the hello and the line behind it: whether all is inverted, and the line's words."""
    head = read(sock, 5)
    inverted = head[0] == 255 - HANDSHAKE
    upright = head.translate(INVERT) if inverted else head
    read(sock, int.from_bytes(upright[3:5], "big"))
    line = b""
    while not line.endswith(b"\n"):
        piece = read(sock, 1)
        line += piece.translate(INVERT) if inverted else piece
    return inverted, line.decode().split()


def send(sock, data, size, end):
    """Sends so many bytes and waits until they are acknowledged, or until it is too late."""
    sock.settimeout(0.2)
    left = size
    while time.monotonic() < end and left > 0:
        try:
            left -= sock.send(data[:left])
        except TimeoutError:
            pass
    while time.monotonic() < end and struct.unpack("i", fcntl.ioctl(sock, SIOCOUTQ, b"\0" * 4))[0] > 0:
        time.sleep(0.02)
    return bulk.told(sock) | {"sent": size - left}


def answer(sock, peer, folder):
    """One connection, whatever a box makes of it."""
    told = {"error": None}
    with sock:
        sock.settimeout(20)
        try:
            inverted, (size, control, pacing, seconds) = asked(sock)
            bulk.use(sock, control)
            sock.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, int(pacing) // 8)
            told |= send(sock, (b"\xff" if inverted else b"\0") * bulk.CHUNK, int(size), time.monotonic() + float(seconds))
        except OSError as error:
            told["error"] = str(error)
        # What a box still withholds is not sent for minutes behind the run.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    path = os.path.join(folder, f"peer-{peer[1]}.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(told, file)
    os.replace(path + ".part", path)


def serve(port, folder):
    with socket.create_server(("", port), backlog=256) as listener:
        print("ready", flush=True)
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=answer, args=(sock, peer, folder), daemon=True).start()


def fetch(flow, address, port):
    """One flow's client: what came of it goes into the flow itself."""
    time.sleep(flow["start_s"])
    words = f"{flow['size']} {flow['cc']} {flow['pacing_bps']} {flow['limit_s']}\n".encode()
    opening = hello(flow["host"]) + words
    flow |= {"received": 0, "first_byte_s": None, "error": None}
    begin = time.monotonic()
    end = begin + flow["limit_s"]
    with socket.socket() as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", flow["port"]))
            sock.settimeout(10)
            sock.connect((address, port))
            sock.sendall(opening.translate(INVERT) if flow["inverted"] else opening)
            while (left := end - time.monotonic()) > 0 and flow["received"] < flow["size"]:
                sock.settimeout(left)
                piece = sock.recv(bulk.CHUNK)
                if not piece:
                    break
                flow["first_byte_s"] = flow["first_byte_s"] or time.monotonic() - begin
                flow["received"] += len(piece)
        except OSError as error:
            flow["error"] = str(error)


def main(words):
    if words[0] == "serve":
        serve(int(words[1]), words[2])
    flows = json.load(sys.stdin)
    threads = [threading.Thread(target=fetch, args=(flow, words[1], int(words[2])), daemon=True) for flow in flows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(flows))


if __name__ == "__main__":
    main(sys.argv[1:])

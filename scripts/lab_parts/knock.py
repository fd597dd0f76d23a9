"""Tries TCP connections to many addresses at once, each with a short transfer, and says which came through.

  knock.py PORT SECONDS ADDRESS...        prints {"ADDRESS": true, ...}"""

import concurrent.futures
import json
import socket
import struct
import sys


def knock(address, port, seconds):
    """Whether data comes from there within so many seconds; the connection is aborted."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.settimeout(seconds)
        try:
            sock.connect((address, port))
            sock.sendall(b"get 0.1 cubic\n")
            return len(sock.recv(1 << 16)) > 0
        except OSError:
            return False


def main(words):
    port, seconds, addresses = int(words[0]), float(words[1]), words[2:]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        print(json.dumps(dict(zip(addresses, pool.map(lambda address: knock(address, port, seconds), addresses)))))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Fetches a file over TLS from a local port of its choice, and says how far it came; the port is free again at once.

  tls_client.py ADDRESS NAME PATH SECONDS LOCAL_PORT

Prints one JSON object: whether TCP connected, whether TLS stood, the bytes that came, and the error that ended it."""

import json
import socket
import ssl
import struct
import sys


def fetch(address, name, path, seconds, port):
    """One connection; it is aborted at the end, so that its port may be used once more."""
    told = {"connected": False, "tls": False, "bytes": 0, "error": None}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.bind(("", port))
        plain.settimeout(seconds)
        try:
            plain.connect((address, 443))
            told["connected"] = True
            with context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False) as sock:
                told["tls"] = True
                sock.sendall(f"GET /{path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                while piece := sock.recv(1 << 16):
                    told["bytes"] += len(piece)
        except OSError as error:
            told["error"] = type(error).__name__
    return told


if __name__ == "__main__":
    print(json.dumps(fetch(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]))))

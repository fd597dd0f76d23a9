"""Downloads over TLS from several local addresses at once, each at no more than a rate, and never faster to catch up.

  sips.py SERVER NAME PATH BITS_PER_SECOND SECONDS LOCAL_ADDRESS...

A receive buffer that is small keeps the kernel from taking more than is sipped."""

import socket
import ssl
import sys
import threading
import time

TICK = 0.1  # seconds between sips
BUFFER = 64 * 1024


def sip(server, name, path, rate, seconds, local):
    """One download, over when its time is."""
    end = time.monotonic() + seconds
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        plain.bind((local, 0))
        plain.settimeout(seconds)
        plain.connect((server, 443))
        with context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=True) as sock:
            sock.sendall(f"GET /{path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            while time.monotonic() < end and drink(sock, int(rate / 8 * TICK)):
                pass


def drink(sock, wanted):
    """Takes so many bytes, in a tick at least; False at the end of the file."""
    due = time.monotonic() + TICK
    while wanted > 0:
        got = len(sock.recv(wanted))
        if got == 0:
            return False
        wanted -= got
    time.sleep(max(0.0, due - time.monotonic()))
    return True


def main(words):
    server, name, path, rate, seconds = words[0], words[1], words[2], float(words[3]), float(words[4])
    for local in words[5:]:
        threading.Thread(target=sip, args=(server, name, path, rate, seconds, local), daemon=False).start()


if __name__ == "__main__":
    main(sys.argv[1:])

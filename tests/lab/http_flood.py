#!/usr/bin/env python3
"""Clients that mean no good: http_flood.py KIND ADDRESS SECONDS. Says how much it did.

  slow       200 connections that send a byte of a header now and then
  huge       headers of 10 MB
  garbage    bytes that are no HTTP
  pipeline   requests as fast as they go, many at a time
  lazy       200 connections that ask and never read
  questions  as many names as it can ask /notice for"""

import contextlib
import os
import socket
import sys
import time

GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def dial(address):
    host, port = address.rsplit(":", 1)
    one = socket.create_connection((host, int(port)), timeout=2)
    one.settimeout(0.2)
    return one


def send(one, data):
    """Whether the box still listens."""
    try:
        one.sendall(data)
        return True
    except TimeoutError:
        return True
    except OSError:
        return False


def many(address, first, then):
    """200 connections; those that the box drops are dialled again. How often it dropped one."""
    held, dropped = [], 0
    while True:
        while len(held) < 200:
            with contextlib.suppress(OSError):
                held.append(dial(address))
                send(held[-1], first)
        time.sleep(0.1)
        kept = [one for one in held if not then or send(one, then)]
        dropped += len(held) - len(kept)
        for one in set(held) - set(kept):
            one.close()
        held = kept
        yield dropped


def slow(address):
    yield from many(address, b"GET / HTTP/1.1\r\nHost: ", b"x")


def lazy(address):
    yield from many(address, GET % b"/api/book" * 100, GET % b"/api/book" * 20)


def huge(address):
    taken = 0
    while True:
        with contextlib.suppress(OSError), dial(address) as one:
            send(one, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
            for _ in range(160):
                if not send(one, b"x" * 65536):
                    break
                taken += 1
        yield taken


def garbage(address):
    count = 0
    while True:
        with contextlib.suppress(OSError), dial(address) as one:
            send(one, os.urandom(4096))
            count += 1
        yield count


def pipeline(address, path=b"/metrics"):
    read = 0
    while True:
        with contextlib.suppress(OSError), dial(address) as one:
            while send(one, GET % path * 50) and (got := one.recv(1 << 20)):
                read += len(got)
                yield read


def questions(address):
    return pipeline(address, b"/notice?name=a.very.long.name.that.nobody.has.example.com")


def main():
    kind, address, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    end = time.monotonic() + seconds
    done = 0
    for done in globals()[kind](address):
        if time.monotonic() > end:
            break
    what = {"slow": "times dropped", "lazy": "times dropped", "huge": "pieces of 64 KiB taken", "garbage": "connections"}
    print(f"{done} {what.get(kind, 'bytes read')}")


if __name__ == "__main__":
    main()

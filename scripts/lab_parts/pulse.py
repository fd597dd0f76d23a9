"""A steady stream of numbered datagrams, from which losses, disorder and waits can be told to the packet.

  pulse.py send ADDRESS RATE PORT…        RATE datagrams a second to each port, in turn from FLOWS sockets, until SIGTERM
  pulse.py receive FOLDER PORT…           counts them until each port's stream has said that it ended

Each receiving port writes FOLDER/pulse-PORT.json: datagrams sent, received, received twice and behind a later one of
their flow; the longest time in seconds that one was under way, from before it was sent to the kernel's time stamp at its
receiver (both clocks are this machine's); when that was; and the gaps: [left before, left behind, how many are missing]
in seconds of the epoch, at first sight (what comes later all the same is counted as behind)."""

import json
import select
import signal
import socket
import struct
import sys
import time

FLOWS, TICK, PAYLOAD = 64, 0.001, 200  # sockets a port; seconds; bytes
ROOM = 16 << 20  # bytes of a receiving socket
MESSAGE = struct.Struct(">IQQ")  # flow, number within the flow, time in ns
END = b"end"
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33


def send(address, rate, ports):
    """Sends until told to end; every tick what is due by then."""
    told = []  # to stop; between two rounds, so that what was sent is what is counted
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    streams = {port: [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)] for port in ports}
    for port, sockets in streams.items():
        for sock in sockets:
            sock.connect((address, port))
    fill, sent, begun = bytes(PAYLOAD - MESSAGE.size), 0, time.monotonic()
    while not told:
        due = int((time.monotonic() - begun) * rate)
        # What a busy machine kept from being sent is not sent in one go: that would be another load.
        for number in range(sent, min(due, sent + 64)):
            for sockets in streams.values():
                sockets[number % FLOWS].send(MESSAGE.pack(number % FLOWS, number // FLOWS, time.time_ns()) + fill)
            sent = number + 1
        time.sleep(TICK)
    time.sleep(0.5)
    for sockets in streams.values():
        for _ in range(3):
            sockets[0].send(END + struct.pack(">Q", sent))
            time.sleep(0.1)


class Stream:
    """What arrived at one port."""

    def __init__(self, port):
        self.port = port
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.bind(("0.0.0.0", port))
        self.sock.setblocking(False)
        self.sent = None
        self.next = [0] * FLOWS  # the number that comes next, of each flow
        self.left = [0.0] * FLOWS  # when the one before it was sent
        self.found = {"received": 0, "behind": 0, "longest_s": 0.0, "longest_at": 0.0, "gaps": []}

    def read(self):
        """Takes what waits, some of it at most."""
        for _ in range(256):
            try:
                data, extra, _, _ = self.sock.recvmsg(PAYLOAD, 64)
            except BlockingIOError:
                return
            if data.startswith(END) and len(data) == len(END) + 8:
                self.sent = struct.unpack(">Q", data[len(END):])[0]
                continue
            self.note(data, extra)

    def note(self, data, extra):
        flow, number, left = MESSAGE.unpack_from(data)
        self.found["received"] += 1
        if number < self.next[flow]:
            self.found["behind"] += 1
        elif number > self.next[flow]:
            self.found["gaps"].append([self.left[flow], left / 1e9, number - self.next[flow]])
        self.left[flow] = left / 1e9
        self.next[flow] = max(self.next[flow], number + 1)
        seconds, nanos = struct.unpack("=qq", extra[0][2])
        took = (seconds * 10**9 + nanos - left) / 1e9
        if took > self.found["longest_s"]:
            self.found |= {"longest_s": took, "longest_at": left / 1e9}

    def write(self, folder):
        with open(f"{folder}/pulse-{self.port}.json", "w", encoding="utf-8") as file:
            json.dump(self.found | {"sent": self.sent, "lost": self.sent - self.found["received"]}, file)


def receive(folder, ports):
    """Until all streams ended."""
    streams = {stream.sock: stream for stream in map(Stream, ports)}
    open(f"{folder}/pulse-ready", "w", encoding="utf-8").close()
    while any(stream.sent is None for stream in streams.values()):
        for sock in select.select(list(streams), [], [], 1)[0]:
            streams[sock].read()
    for stream in streams.values():
        stream.write(folder)


def main(words):
    if words[0] == "send":
        send(words[1], float(words[2]), [int(word) for word in words[3:]])
    else:
        receive(words[1], [int(word) for word in words[2:]])


if __name__ == "__main__":
    main(sys.argv[1:])

"""When a processor stood still: its host gave it to somebody else.

  steal.py CPU FILE       until SIGTERM, then writes [[from, to], …] in seconds of the epoch

A look every 2 ms, on that processor and before everything else that wants it. One that comes more than 20 ms late could not
run, and neither could a box's worker. Where the kernel counted at least half of that time as stolen (proc(5), /proc/stat,
"steal", ticks of 10 ms) it is a pause of the machine; a processor of one's own has none. A kernel that was busy with the
box's pages, say, makes late looks too, but those are the box's."""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass

EVERY, LATE, TICK = 0.002, 0.020, 0.010  # seconds
MOST = 0.03  # of all processors' time: what is measured while more is stolen says nothing


class Watch:
    """The pauses among looks."""

    def __init__(self):
        self.pauses = []

    def look(self, before, now, ticks):
        """`ticks` were stolen between two looks."""
        late = now - before - EVERY
        if late > LATE and ticks * TICK >= late / 2:
            self.pauses.append([before, now])


def covers(pauses, begun, ended):
    """True where one of the pauses touches the time between."""
    return any(start <= ended and begun <= end for start, end in pauses)


@dataclass(frozen=True)
class Ticks:
    """What became of processors' time since boot, in ticks."""
    idle: int
    stolen: int
    whole: int


def ticks(of="cpu"):
    """Of all processors together, or of one: "cpu1"."""
    with open("/proc/stat", encoding="ascii") as file:
        words = next(line.split() for line in file if line.startswith(f"{of} "))
    spent = [int(word) for word in words[1:9]]
    return Ticks(spent[3] + spent[4], spent[7], sum(spent))


def share(before, after):
    """The share of the time between two ticks() that was stolen."""
    return (after.stolen - before.stolen) / max(after.whole - before.whole, 1)


def run(cpu, ends):
    watch, before, spent = Watch(), time.time(), ticks(f"cpu{cpu}")
    while not ends():
        time.sleep(EVERY)
        now, more = time.time(), ticks(f"cpu{cpu}")
        watch.look(before, now, more.stolen - spent.stolen)
        before, spent = now, more
    return watch.pauses


def main(cpu, path):
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    pauses = run(cpu, lambda: told)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(pauses, file)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

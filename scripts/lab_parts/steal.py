"""When a processor stood still: its host gave it to somebody else.

  steal.py CPU FILE       until SIGTERM, then writes [[from, to], …] in seconds of the epoch
  steal.py late           until SIGTERM, then prints for how many seconds the looks at all processors were late, whoever counts

A look every 2 ms, on that processor and before everything else that wants it. One that comes more than 20 ms late could not
run, and neither could a box's worker. Where the kernel counted at least half of that time as stolen (proc(5), /proc/stat,
"steal", ticks of 10 ms) it is a pause of the machine; a processor of one's own has none. A kernel that was busy with the
box's pages, say, makes late looks too, but those are the box's."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

EVERY, LATE, TICK = 0.002, 0.020, 0.010  # seconds
GENTLY = 0.005  # between looks at all processors
HIGH = 50  # a real-time priority that nothing of ours has
# Shares of all processors' time. While more is stolen, or more goes in pauses, what is measured says nothing: stolen in slices
# of a millisecond it is a slower machine, in pauses one that drops packets.
MOST, MOST_IN_PAUSES = 0.10, 0.01


class Watch:
    """The pauses among looks."""

    def __init__(self):
        self.pauses = []

    def look(self, before, now, ticks):
        """`ticks` were stolen between two looks."""
        late = late_by(before, now)
        if late and ticks * TICK >= late / 2:
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


class Watched:
    """`with Watched() as machine:`; afterwards `stolen` is the share of its processors' time that the kernel counted so, and
    `in_pauses` that for which looks were late (not every host tells the kernel)."""

    def __enter__(self):
        self._looks = subprocess.Popen([sys.executable, __file__, "late"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._began, self._before, self.stolen, self.in_pauses = time.monotonic(), ticks(), 0.0, 0.0
        return self

    def __exit__(self, *_):
        self.stolen, spent = share(self._before, ticks()), time.monotonic() - self._began
        self._looks.terminate()
        self.in_pauses = float(self._looks.communicate()[0] or 0) / (spent * len(os.sched_getaffinity(0)))

    def why_unfit(self):
        """Why nothing could be measured meanwhile; None where it could."""
        if self.stolen < MOST and self.in_pauses < MOST_IN_PAUSES:
            return None
        return (f"this machine's host took {self.stolen:.0%} of its processors away meanwhile, and they stood still for "
                f"{self.in_pauses:.1%} of the time")


def late_by(before, now, every=EVERY):
    """Of a look, in seconds; 0 where it is in time."""
    late = now - before - every
    return late if late > LATE else 0.0


def look_at(cpu, found):
    """Adds to found[cpu] what looks at one processor are late, for ever."""
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(HIGH))
    before = time.monotonic()
    while True:
        time.sleep(GENTLY)
        now = time.monotonic()
        found[cpu] += late_by(before, now, GENTLY)
        before = now


def look_at_all():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    found = dict.fromkeys(os.sched_getaffinity(0), 0.0)
    for cpu in found:
        threading.Thread(target=look_at, args=(cpu, found), daemon=True).start()
    signal.sigwait({signal.SIGTERM})
    print(sum(found.values()), flush=True)
    os._exit(0)  # the looks go on


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
    if sys.argv[1] == "late":
        look_at_all()
    else:
        main(int(sys.argv[1]), sys.argv[2])

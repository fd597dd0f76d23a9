"""Makes a whole lab, and removes it."""

import contextlib
import os
from dataclasses import dataclass

from . import boxes, ground, servers, topology

MOST_HOPS = 8  # routers before a box


@dataclass
class Wanted:
    """The lab that is wanted."""
    box: str = "slowlane"
    book: str = None
    rtt_ms: float = 0
    mtu: int = 1500
    port_kind: str = "af_packet"
    hops: int = 1  # routers before the box
    ring: str = "32MiB"  # what slowlane's af_packet ports keep while their worker waits for a processor; None: as usual


@dataclass
class Run:
    """One measurement: the name of its lab, where results go, the box, how long it may take, and how often what is repeated
    is repeated and how fast its load goes in Mbit/s (0: as usual)."""
    name: str
    out: str
    box: str = "slowlane"
    quick: bool = False
    port_kind: str = "af_packet"
    rtt_ms: float = 0
    count: int = 0
    rate: int = 0

    def path(self, name):
        return os.path.join(self.out, name)


def missing(wanted):
    """Why such a lab cannot be made here; None where it can."""
    kinds = {wanted.box} | ({"slowlane"} if wanted.rtt_ms else set())
    if "slowlane" in kinds and (wrong := boxes.not_built()):
        return wrong
    return ground.need(*servers.PROGRAMS, *(program for kind in sorted(kinds) for program in boxes.need(kind)))


def raise_lab(name, wanted):
    """Makes a lab and its servers; returns its ground. Leaves nothing where it fails."""
    if wrong := missing(wanted):
        raise ground.LabError(wrong)
    lab = ground.Ground(name)
    if lab.stands():
        raise ground.LabError("a lab of this name stands; scripts/lab down removes it")
    try:
        lab.keep(ring=wanted.ring)
        topology.lay(lab, wanted.mtu, bool(wanted.rtt_ms),
                     topology.XDP_MTU if wanted.port_kind == "af_xdp" else topology.BOX_MTU, wanted.hops)
        servers.make_site(lab)
        servers.start(lab)
        if wanted.rtt_ms:
            boxes.put_line(lab, wanted.rtt_ms)
        boxes.put(lab, wanted.box, wanted.book, wanted.port_kind)
        servers.await_all(lab)
    except BaseException:
        lab.clear()
        raise
    return lab


def standing(name):
    lab = ground.Ground(name)
    if not lab.stands():
        raise ground.LabError("there is no lab; scripts/lab up makes one")
    return lab


@contextlib.contextmanager
def standing_lab(name, wanted):
    """`with standing_lab(name, wanted) as lab`: it is gone afterwards."""
    lab = raise_lab(name, wanted)
    try:
        yield lab
    finally:
        lab.clear()

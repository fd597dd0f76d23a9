"""What stands between the routers: slowlane, or something to compare it with, on the same two ports.

  none      the kernel hands each port's frames to the other (tc mirred): the least that a wire of two cables can be
  bridge    a kernel bridge
  slowlane  the box
  testpmd   DPDK's own forwarder, on DPDK's af_packet driver"""

import json
import os
import signal
import subprocess

from . import ground, topology

KINDS = ("none", "bridge", "slowlane", "testpmd")
TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BOOKS = os.path.join(TOP, "rules", "book", "published")
BRIDGE = "span"
# The delay line has a core of its own where there are two; see `put_line`.
BOX_CORE, LINE_CORE = 1, 0


def binary():
    """The slowlane under test: $SLOWLANE, else the release build, else the dev build."""
    if os.environ.get("SLOWLANE"):
        return os.environ["SLOWLANE"]
    builds = [os.path.join(TOP, "build", preset, "slowlane") for preset in ("release", "dev")]
    return next((path for path in builds if os.access(path, os.X_OK)), builds[0])


def not_built():
    """Why no slowlane can be started here; None where one can."""
    if os.access(binary(), os.X_OK):
        return None
    return "slowlane is not built yet: scripts/setup --servers && cmake --preset release && cmake --build --preset release --target slowlane"


def book_path(book):
    """A book's path: of a file, or of a name in rules/book/published."""
    path = book
    if book and os.path.basename(book) == book and not os.path.isfile(book):
        path = os.path.join(BOOKS, f"{book.removesuffix('.cfg')}.cfg")
    if path and not os.path.isfile(path):
        known = ", ".join(sorted(name.removesuffix(".cfg") for name in os.listdir(BOOKS) if name.endswith(".cfg")))
        raise ground.LabError(f"there is no book {book}: neither a file nor one of {known}")
    return path


def socket(lab, place="box"):
    """Where a slowlane in this place is talked to."""
    return lab.path(f"{place}.sock")


def ctl(lab, *words, place="box", seconds=60):
    """What `ctl --json` of a slowlane in this place did and said."""
    return subprocess.run([binary(), "ctl", "--socket", socket(lab, place), "--json", *words], capture_output=True, text=True,
                          check=False, timeout=seconds)


def ask(lab, *words, place="box"):
    """Its answer; LabError where it has none, or refuses."""
    told = ctl(lab, *words, place=place)
    if told.returncode != 0:
        ended = "" if lab.lives(place) else f"; the {place} ended:\n{lab.log(place)[-2000:].strip()}"
        raise ground.LabError(f"ctl {words[0]}: {told.stdout}{told.stderr}{ended}")
    return json.loads(told.stdout)


def counters(lab):
    """All that it counts: {name: number}."""
    return ask(lab, "counters")["counters"]


def worker(lab):
    """The thread of a box's first worker."""
    for thread in _threads(lab, "box"):
        with open(f"/proc/{lab.pid('box')}/task/{thread}/comm", encoding="utf-8") as file:
            if file.read().strip() == "worker-0":
                return thread
    raise ground.LabError("the box has no worker")


def _threads(lab, place):
    return [int(thread) for thread in os.listdir(f"/proc/{lab.pid(place)}/task")]


def need(kind):
    """The programs that a box of this kind needs."""
    return {"none": ("tc",), "bridge": (), "slowlane": (binary(),), "testpmd": ("dpdk-testpmd",)}[kind]


def put(lab, kind, book=None, port_kind="af_packet", place="box", core=BOX_CORE):
    """Puts a box into its place, instead of what stood there."""
    take(lab, place)
    lab.keep(**{place: kind, f"{place}_book": book})  # first: one that does not come up is taken away as well
    if kind == "none":
        for port, other in ("in", "out"), ("out", "in"):
            lab.do(place, "tc", "qdisc", "add", "dev", port, "ingress")
            lab.do(place, "tc", "filter", "add", "dev", port, "parent", "ffff:", "protocol", "all", "u32", "match", "u32", "0",
                   "0", "action", "mirred", "egress", "redirect", "dev", other)
    elif kind == "bridge":
        # What crosses a bridge is not the host's own: without this, its netfilter reads every packet, and drops or trims some.
        lab.run(place, "sysctl", "-qw", *(f"net.bridge.bridge-nf-call-{table}=0" for table in ("iptables", "ip6tables", "arptables")))
        lab.ip(place, f"link add name {BRIDGE} type bridge stp_state 0 mcast_snooping 0 group_fwd_mask 65528",
               *(f"link set dev {port} master {BRIDGE}" for port in ("in", "out")), f"link set dev {BRIDGE} mtu 9000 up")
    elif kind == "slowlane":
        _start_slowlane(lab, place, book, port_kind, core)
    else:
        _start_testpmd(lab, place, core)


def take(lab, place="box"):
    """Removes what stands in a place; its ports are as they were before."""
    stood = lab.fact(place)
    if stood == "none":
        for port in "in", "out":
            lab.do(place, "tc", "qdisc", "del", "dev", port, "ingress")
    elif stood == "bridge":
        lab.ip(place, f"link del dev {BRIDGE}")
    elif stood:
        lab.stop(place, signal.SIGTERM, seconds=10)
    lab.keep(**{place: None})


def prefer(lab, place="box"):
    """Gives all threads of a box the processor before everything else that runs here: where it carries little it needs
    little of it, and what stands in a wire waits for nobody."""
    for thread in _threads(lab, place):
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))


def put_line(lab, rtt_ms):
    """Holds every frame for half of a round-trip time in each direction."""
    book = lab.path("line.cfg")
    with open(book, "w", encoding="utf-8") as file:
        file.write(f'book = "line";\nclasses = ( {{ name = "late"; delay = {{ time = "{rtt_ms / 2:g}ms"; queue = "64MiB"; }}; }} );\n'
                   'rules = ();\notherwise = "late";\n')
    put(lab, "slowlane", book, place="line", core=LINE_CORE)
    lab.keep(rtt_ms=rtt_ms)


def _start_slowlane(lab, place, book, port_kind, core):
    cores = os.cpu_count() or 1
    ring = f' options = "ring={lab.fact("ring")}";' if port_kind == "af_packet" and lab.fact("ring") else ""
    ports = ", ".join(f'{{ name = "{port}"; kind = "{port_kind}"; device = "{port}";{ring} }}' for port in ("in", "out"))
    inside = ", ".join(f'"{prefix}"' for prefix in topology.INSIDE)
    appliance = lab.path(f"{place}-appliance.cfg")
    with open(appliance, "w", encoding="utf-8") as file:
        file.write(f'''appliance = "{lab.name}-{place}";
bench   = true;
ports   = ( {ports} );
wires   = ( {{ name = "w0"; inside = "in"; outside = "out"; inside_prefixes = [{inside}]; }} );
cores   = {{ control = [0]; workers = [{core % cores}]; idle = "sleep"; }};
memory  = {{ hugepages = "auto"; held = "256MiB"; }};
control = {{ socket = "{socket(lab, place)}"; view_socket = "{lab.path(place + "-view.sock")}"; http = "127.0.0.1:9180";
            books = "{lab.path(place + "-books")}"; log = "{lab.path(place + "-changes.jsonl")}"; cache = "none"; }};
events  = {{ file = "{lab.path(place + "-flows.jsonl")}"; which = "all"; addresses = "full"; }};
book    = "{os.path.abspath(book or os.path.join(TOP, "rules/book/demo.cfg"))}";
''')
    lab.start(place, place, binary(), "run", appliance, folder=TOP)
    _alive(lab, place)


def _start_testpmd(lab, place, core):
    devices = [f"--vdev=net_af_packet{i},iface={port}" for i, port in enumerate(("in", "out"))]
    lab.start(place, place, "dpdk-testpmd", "-l", f"0,{core}", "--no-pci", "--no-huge", "-m", "256", "--no-telemetry",
              f"--file-prefix={lab.name}-{place}", *devices, "--", "--forward-mode=io", "--total-num-mbufs=32768",
              "--stats-period=3600")
    _alive(lab, place)


def _alive(lab, place):
    """Waits until frames cross; a box that ended says why in its log."""
    def crosses():
        if not lab.lives(place):
            raise ground.LabError(f"the {place} ended:\n{lab.log(place).strip()}")
        return topology.reaches(lab)
    if place == "box":
        ground.wait_for(crosses, 20, f"nothing crosses the {place}:\n{lab.log(place)}")

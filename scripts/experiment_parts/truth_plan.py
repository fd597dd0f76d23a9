"""What one run of labelled flows is made of: drawn from a seed, and written down as a book, a delay line and what is put
on a router. Sets of seeds are streams of their own: what is drawn for training is never drawn for a test."""

import math
import random
from dataclasses import dataclass, field

SEEDS = "train", "test"
FIRST_PORT, PORTS_A_RUN = 20_000, 128
ATTEMPTS = 3                           # at a run that went wrong
RTTS_MS = 20, 40, 60, 100
CONTROLS = "cubic", "cubic", "bbr"     # of congestion; two of three as fact L6 had it
LINE_BPS = 6e6, 16e6                   # what a sender paces itself to: its own line
BURSTS = 8e3, 256e3                    # bytes; fact L6: 8 kB to 2 MB
PICTURE = 392_192                      # bytes (fact A8): no transfer is smaller
LEAST_QUEUE = 8_000                    # bytes, of a drop-tail queue (fact L6)

# How many of each in a run. The first line is done by the box; the second by a router between box and client.
WHOLE = {"police": 7, "shared": 2, "shape": 2, "lose": 2, "delay": 1, "drop": 1, "allow": 1, "none": 1,
         "random_loss": 2, "drop_tail": 2, "tbf": 2}
QUICK = {"police": 2, "shape": 1, "lose": 1, "none": 1, "random_loss": 1, "drop_tail": 1, "tbf": 1}
CAUSES = "random_loss", "drop_tail", "tbf"
BOOK_FLOWS = 16


@dataclass
class Spans:
    """How long a run is: seconds that a limited transfer takes, seconds after which it ends in any case, and over how many
    seconds the starts of targets and of their controls are spread, as a machine can carry few at full pace; bits a
    second of limits."""
    transfer: float
    limit: float
    starts: float
    control_starts: float
    rates: tuple


SPANS = {False: Spans(18, 30, 6, 24, (130e3, 4e6)), True: Spans(6, 10, 1, 4, (500e3, 2e6))}


@dataclass
class Flow:
    """One download: its kind and numbers, its path, and the client's port by which the path knows it. `host` is in its
    hello; a control's hello and payload are inverted bit by bit (fact L1), and `control` is the control's port."""
    port: int
    kind: str
    host: str
    rate: int
    size: int
    cc: str
    rtt_ms: int
    pacing_bps: int
    start_s: float
    more: dict = field(default_factory=dict)
    inverted: bool = False
    control: int = None

    def cause(self):
        return self.kind if self.kind in CAUSES else None


def draw(seeds, seed, run, quick, hosts=None, attempt=0):
    """The flows of a run, each target followed by its control. With `hosts`, flows for a book that is already there. A
    further attempt at a run has other ports, and is the same else."""
    random_ = random.Random(f"{seeds}:{seed}:{run}")
    counts = {"book": BOOK_FLOWS // (2 if quick else 1)} if hosts else QUICK if quick else WHOLE
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    flows, port = [], FIRST_PORT + (run * ATTEMPTS + attempt) * PORTS_A_RUN % 40_000
    for number, kind in enumerate(kinds):
        host = hosts[number % len(hosts)] if hosts else f"f{port}.example.net"
        flow = _draw_flow(random_, kind, host, port, SPANS[quick])
        if kind == "shared" and flows and flows[-2].kind == "shared":
            _join(flow, flows[-2])
        flow.control = port + 1
        flows += [flow, _control_of(flow, round(random_.uniform(0, SPANS[quick].control_starts), 2))]
        port += 2
    return flows


def _log_uniform(random_, low, high):
    return math.exp(random_.uniform(math.log(low), math.log(high)))


def _draw_flow(random_, kind, host, port, spans):
    rate = round(_log_uniform(random_, *spans.rates), -3)
    size = max(int(rate / 8 * spans.transfer), PICTURE)
    burst = min(_log_uniform(random_, *BURSTS), size / 4)
    more = {"burst": int(burst), "queue": int(_log_uniform(random_, 65_536, 524_288)), "share": round(random_.uniform(0.005, 0.05), 4),
            "delay_ms": random_.randrange(50, 200), "budget": random_.randrange(16_384, 65_536), "packets": random_.randrange(20, 60)}
    return Flow(port, kind, host, int(rate), size, random_.choice(CONTROLS), random_.choice(RTTS_MS),
                int(random_.uniform(*LINE_BPS)), round(random_.uniform(0, spans.starts), 2), more)


def _join(flow, other):
    """Two flows of one class that share its bucket, at the same time."""
    flow.rate, flow.size, flow.start_s, flow.more = other.rate, other.size, other.start_s, other.more | {"class_of": other.port}


def _control_of(flow, start_s):
    """The same transfer, path and look-alike at another time, but no name in it."""
    return Flow(flow.control, flow.kind if flow.cause() else "none", flow.host, flow.rate, flow.size, flow.cc, flow.rtt_ms,
                flow.pacing_bps, start_s, flow.more, inverted=True)


def _treatment(flow):
    """A flow's treatment as a book has it; None for those that the box leaves alone."""
    more = flow.more
    return {"police": f'police = {{ rate = "{flow.rate}bit"; burst = "{more["burst"]}B"; scope = "flow"; }};',
            "shared": f'police = {{ rate = "{flow.rate}bit"; burst = "{more["burst"]}B"; scope = "class"; }};',
            "shape": f'shape = {{ rate = "{flow.rate}bit"; queue = "{more["queue"]}B"; scope = "flow"; direction = "down"; }};',
            "lose": f'lose = {{ share = {more["share"]}; direction = "down"; }};',
            "delay": f'delay = {{ time = "{more["delay_ms"]}ms"; }};',
            "drop": f'drop = {{ after_packets = {more["packets"]}; }};',
            "allow": f'allow = {{ bytes = "{more["budget"]}B"; }};'}.get(flow.kind)


def book(flows):
    """A book that treats each target by its name."""
    classes, rules = [], []
    for flow in flows:
        treatment = None if flow.inverted else _treatment(flow)
        if treatment and "class_of" not in flow.more:
            classes.append(f'  {{ name = "c{flow.port}"; {treatment} }}')
        if treatment:
            name = flow.more.get("class_of", flow.port)
            rules.append(f'  {{ name = "r{flow.port}"; when = {{ host = "{flow.host}"; }}; then = "c{name}"; }}')
    return 'book = "truth";\nclasses = (\n' + ",\n".join(classes) + "\n);\nrules = (\n" + ",\n".join(rules) + "\n);\n"


def line_book(flows):
    """What the delay line does: half of each flow's round trip, both ways."""
    classes = [f'  {{ name = "d{rtt}"; delay = {{ time = "{rtt / 2:g}ms"; queue = "64MiB"; }}; }}' for rtt in RTTS_MS]
    rules = [f'  {{ name = "r{rtt}"; when = {{ client_port = [{", ".join(str(f.port) for f in flows if f.rtt_ms == rtt)}]; }}; '
             f'then = "d{rtt}"; }}' for rtt in RTTS_MS if any(f.rtt_ms == rtt for f in flows)]
    return 'book = "line";\nclasses = (\n' + ",\n".join(classes) + "\n);\nrules = (\n" + ",\n".join(rules) + "\n);\n"


def router_queues(flows, device):
    """Arguments of `tc` for the queues of look-alikes: a drop-tail queue before a slow link, and a shaper whose queue is
    long enough for all that TCP sends."""
    yield f"qdisc add dev {device} root handle 1: htb default 1"
    yield f"class add dev {device} parent 1: classid 1:1 htb rate 100gbit burst 1mb cburst 1mb quantum 60000"
    for number, flow in enumerate((flow for flow in flows if flow.kind in ("drop_tail", "tbf")), 16):
        if flow.kind == "drop_tail":
            yield f"class add dev {device} parent 1: classid 1:{number:x} htb rate {flow.rate}bit burst 1600 cburst 1600 quantum 1514"
            yield f"qdisc add dev {device} parent 1:{number:x} handle {number:x}: bfifo limit {max(flow.more['burst'], LEAST_QUEUE)}"
        else:
            yield f"class add dev {device} parent 1: classid 1:{number:x} htb rate 100gbit burst 1mb cburst 1mb quantum 60000"
            yield f"qdisc add dev {device} parent 1:{number:x} handle {number:x}: tbf rate {flow.rate}bit burst 6000 limit 4000000"
        yield f"filter add dev {device} parent 1: protocol ip u32 match ip dport {flow.port} 0xffff flowid 1:{number:x}"


def router_losses(flows):
    """A ruleset of nft that loses some packets towards the client at random."""
    rules = "; ".join(f"add rule ip truth down tcp dport {flow.port} numgen random mod 10000 < {round(flow.more['share'] * 10000)} drop"
                      for flow in flows if flow.kind == "random_loss")
    return f"add table ip truth; add chain ip truth down {{ type filter hook forward priority 0; }}; {rules}"

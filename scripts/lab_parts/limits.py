"""Limits on flows towards the client, each flow told by its client port: by slowlane's book, or by what the kernel has.

  police, shape   slowlane
  deep            slowlane's police with a bucket as deep as nft's: the burst and one second of the rate
  nft             `limit rate over` in a netdev ingress chain of the box: a policer; counts IP bytes; for limits of bytes the
                  kernel makes the bucket as deep as the burst and one second of the rate
  tbf, htb        queueing disciplines on the box's port towards the client; count Ethernet bytes"""

from dataclasses import dataclass

from . import boxes

POLICERS, SHAPERS = ("police", "nft"), ("shape", "tbf", "htb")
MTU, ETHERNET, PAYLOAD = 1500, 14, 1448  # of a full TCP segment with time stamps
QUEUE_SECONDS, LEAST_QUEUE = 0.05, 16 * 1024


@dataclass
class Cell:
    """One limit, and the one connection that it is for."""
    port: int
    rate: int
    burst: int
    control: str
    kind: str = "police"

    def ideal(self):
        """Payload bits a second of a connection that fills the limit with full segments."""
        counted = MTU + (ETHERNET if self.kind in ("tbf", "htb") else 0)
        return self.rate * PAYLOAD / counted

    def depth(self):
        """Bytes of the bucket that slowlane is told."""
        return self.burst + (self.rate // 8 if self.kind == "deep" else 0)

    def queue(self):
        return max(LEAST_QUEUE, int(self.rate * QUEUE_SECONDS / 8))


def install(lab, kind, cells, port_kind="af_packet"):
    """Puts a box with these limits into its place."""
    if kind in ("police", "deep", "shape"):
        book = lab.path("limits.cfg")
        with open(book, "w", encoding="utf-8") as file:
            file.write(_book(kind, cells))
        boxes.put(lab, "slowlane", book, port_kind)
        return
    boxes.put(lab, "bridge")
    if kind == "nft":
        lab.do("box", "nft", _ruleset(cells))
    else:
        for command in _queues(kind, cells):
            lab.do("box", "tc", *command.split())


def remove(lab, kind):
    """Takes the kernel's limits away; slowlane goes with its box."""
    if kind == "nft":
        lab.do("box", "nft", "delete", "table", "netdev", "limits")
    elif kind in ("tbf", "htb"):
        lab.do("box", "tc", "qdisc", "del", "dev", "in", "root")


def _book(kind, cells):
    queue = (lambda cell: f' queue = "{cell.queue()}B";') if kind == "shape" else (lambda cell: "")
    treatment = "shape" if kind == "shape" else "police"
    classes = ",\n".join(f'  {{ name = "c{c.port}"; {treatment} = {{ rate = "{c.rate}bit"; burst = "{c.depth()}B";{queue(c)} '
                         f'scope = "flow"; direction = "down"; }}; }}' for c in cells)
    rules = ",\n".join(f'  {{ name = "r{c.port}"; when = {{ client_port = {c.port}; }}; then = "c{c.port}"; }}' for c in cells)
    return f'book = "limits";\nclasses = (\n{classes}\n);\nrules = (\n{rules}\n);\n'


def _ruleset(cells):
    rules = "; ".join(f"add rule netdev limits down tcp dport {c.port} limit rate over {c.rate // 8} bytes/second burst {c.burst} "
                      "bytes drop" for c in cells)
    return ('add table netdev limits; add chain netdev limits down { type filter hook ingress device "out" priority 0; }; ' + rules)


def _queues(kind, cells):
    """A class and a filter for each connection, under one root that limits nothing."""
    yield "qdisc add dev in root handle 1: htb default 1"
    yield "class add dev in parent 1: classid 1:1 htb rate 100gbit burst 1mb cburst 1mb quantum 60000"
    for number, cell in enumerate(cells, 16):
        if kind == "htb":
            yield f"class add dev in parent 1: classid 1:{number:x} htb rate {cell.rate}bit burst {cell.burst} cburst {cell.burst} quantum 1514"
            yield f"qdisc add dev in parent 1:{number:x} handle {number:x}: bfifo limit {cell.queue()}"
        else:
            yield f"class add dev in parent 1: classid 1:{number:x} htb rate 100gbit burst 1mb cburst 1mb quantum 60000"
            yield f"qdisc add dev in parent 1:{number:x} handle {number:x}: tbf rate {cell.rate}bit burst {cell.burst} limit {cell.queue()}"
        yield f"filter add dev in parent 1: protocol ip u32 match ip dport {cell.port} 0xffff flowid 1:{number:x}"

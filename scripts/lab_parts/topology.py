"""The lab's wiring.

    client ---- router1 ---- [in] box [out] ---- router2 ---- (line) ---- server
    192.0.2.0/24        203.0.113.0/30                        198.51.100.0/24
    2001:db8:1::/64     2001:db8:ff::/64                      2001:db8:2::/64

The box sees only the cable between the routers, so what crosses it has lost one TTL already. More hops before it are more
routers, `hop1` and so on, between client and router1. `line` is there only where a round-trip time was asked for: a delay
line, which is a second slowlane."""

import os
import subprocess

from . import ground

CLIENT, CLIENT6 = "192.0.2.10", "2001:db8:1::10"
MORE_CLIENTS = ("192.0.2.11", "192.0.2.12")
SERVER, SERVER6 = "198.51.100.7", "2001:db8:2::7"
CADDY, RESOLVER = "198.51.100.8", "198.51.100.53"
INSIDE = "192.0.2.0/24", "2001:db8:1::/64"
LINK1, LINK2 = "203.0.113.1", "203.0.113.2"
LINK1_6, LINK2_6 = "2001:db8:ff::1", "2001:db8:ff::2"
BOX_MTU, XDP_MTU = 9000, 3000  # af_xdp keeps a frame within a page
# Kept over a connection, these would give a run what an earlier one learned of the path.
SETTINGS = ("net.ipv4.tcp_no_metrics_save=1", "net.ipv4.tcp_ecn=1", "net.ipv4.icmp_ratelimit=0",
            "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv6.icmp.ratelimit=0", "net.ipv4.tcp_wmem=4096 16384 33554432",
            "net.ipv4.tcp_slow_start_after_idle=0")
ROUTES = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def lay(lab, mtu=1500, delayed=False, box_mtu=BOX_MTU, hops=1):
    """Makes the namespaces and cables of a lab; addresses, routes and names, no servers and no box yet. `hops`: routers
    before the box."""
    more = tuple(f"hop{i}" for i in range(1, hops))
    for role in ("client", *more, "router1", "box", "router2", "server") + (("line",) if delayed else ()):
        lab.add_space(role)
    for role in ("box", "line") if delayed else ("box",):
        lab.do(role, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    for role in ("client", *more, "router1", "router2", "server"):
        quiet = ("net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.router_solicitations=0")
        lab.do(role, "sysctl", "-qw", *quiet)
    _way_to_box(lab, mtu, ("client", *more, "router1"))
    _cables(lab, mtu, delayed, box_mtu)
    _addresses(lab)
    lab.do("client", "sysctl", "-qw", *_known(lab, "client", SETTINGS))
    lab.do("server", "sysctl", "-qw", *_known(lab, "server", SETTINGS))
    for role in (*more, "router1", "router2"):
        lab.do(role, "sysctl", "-qw", *ROUTES, *_known(lab, role, SETTINGS))
    resolve_at(lab, RESOLVER)
    lab.keep(delayed=delayed, mtu=mtu)


def resolve_at(lab, address):
    """The client asks this server for names: `ip netns exec` gives it a resolv.conf of its own."""
    folder = f"/etc/netns/{lab.space('client')}"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "resolv.conf"), "w", encoding="utf-8") as file:
        file.write(f"nameserver {address}\n")


def _known(lab, role, settings):
    """Those settings that this kernel lets a namespace have."""
    return [s for s in settings if lab.run(role, "sysctl", "-q", s.split("=")[0]).returncode == 0]


def _cables(lab, mtu, delayed, box_mtu):
    lab.lay_cable("router1", "wire", "box", "in", box_mtu)
    lab.lay_cable("router2", "wire", "box", "out", box_mtu)
    if delayed:
        lab.lay_cable("router2", "far", "line", "in", box_mtu)
        lab.lay_cable("server", "wire", "line", "out", box_mtu)
    else:
        lab.lay_cable("router2", "far", "server", "wire", box_mtu)
    for role, device in ("router1", "wire"), ("router2", "wire"), ("router2", "far"), ("server", "wire"):
        lab.ip(role, f"link set dev {device} mtu {mtu}")
    for role in ("box", "line") if delayed else ("box",):
        lab.ip(role, *(f"link set dev {port} promisc on up" for port in ("in", "out")))


def _way_to_box(lab, mtu, way):
    """Cables, addresses and routes between the client and the last router before the box."""
    for i, (role, other) in enumerate(zip(way, way[1:])):
        lab.lay_cable(role, "wire", other, "near", mtu)
        if i == 0:
            lab.ip(other, "address add 192.0.2.1/24 dev near", "address add 2001:db8:1::1/64 dev near nodad", "link set dev near up")
            continue
        here, there = f"203.0.113.{4 * i + 1}", f"203.0.113.{4 * i + 2}"
        here6, there6 = f"2001:db8:ff:{i}::1", f"2001:db8:ff:{i}::2"
        lab.ip(role, f"address add {here}/30 dev wire", f"address add {here6}/64 dev wire nodad", "link set dev wire up")
        lab.ip(other, f"address add {there}/30 dev near", f"address add {there6}/64 dev near nodad", "link set dev near up",
               f"route add 192.0.2.0/24 via {here}", f"route add 2001:db8:1::/64 via {here6}")
        lab.ip(role, f"route add default via {there}", f"route add default via {there6}")


def _addresses(lab):
    lab.ip("client", *(f"address add {a}/24 dev wire" for a in (CLIENT, *MORE_CLIENTS)),
           f"address add {CLIENT6}/64 dev wire nodad", "link set dev wire up")
    lab.ip("router1", f"address add {LINK1}/30 dev wire", f"address add {LINK1_6}/64 dev wire nodad",
           "link set dev wire up", f"route add 198.51.100.0/24 via {LINK2}", f"route add 2001:db8:2::/64 via {LINK2_6}")
    lab.ip("router2", "address add 198.51.100.1/24 dev far", "address add 2001:db8:2::1/64 dev far nodad",
           "link set dev far up", f"address add {LINK2}/30 dev wire", f"address add {LINK2_6}/64 dev wire nodad",
           "link set dev wire up", f"route add 192.0.2.0/24 via {LINK1}", f"route add 2001:db8:1::/64 via {LINK1_6}")
    lab.ip("server", *(f"address add {a}/24 dev wire" for a in (SERVER, CADDY, RESOLVER)),
           f"address add {SERVER6}/64 dev wire nodad", "link set dev wire up")
    set_congestion_control(lab, "cubic")


def set_congestion_control(lab, name):
    """Every later connection between client and server uses it, whatever program opens it. LabError where it does not
    take effect: this kernel's default is another one, and a result would be of the wrong thing."""
    lab.ip("client", f"route replace default via 192.0.2.1 src {CLIENT} congctl {name}",
           f"route replace ::/0 via 2001:db8:1::1 src {CLIENT6} congctl {name}")
    lab.ip("server", f"route replace default via 198.51.100.1 src {SERVER} congctl {name}",
           f"route replace ::/0 via 2001:db8:2::1 src {SERVER6} congctl {name}")
    for role in "client", "server":
        shown = lab.do(role, "ip", "route", "show", "default")
        if f"congctl {name}" not in shown:
            raise ground.LabError(f"congestion control {name} did not take effect in {role}: {shown.strip()}")
    lab.keep(congestion_control=name)


def set_mtu(lab, mtu):
    """Of all but the box's ports, which take jumbo frames anyhow."""
    between = [(role, ("near", "wire")) for role in lab.kept["spaces"] if role.startswith("hop")]
    for role, devices in (("client", ("wire",)), *between, ("router1", ("near", "wire")), ("router2", ("wire", "far")),
                          ("server", ("wire",))):
        lab.ip(role, *(f"link set dev {device} mtu {mtu}" for device in devices))
    lab.keep(mtu=mtu)


def reaches(lab):
    """Whether the client reaches the server over both families."""
    return all(lab.run("client", "ping", "-c", "1", "-W", "1", address, stdout=subprocess.DEVNULL, capture_output=False,
                       stderr=subprocess.DEVNULL).returncode == 0 for address in (SERVER, SERVER6))

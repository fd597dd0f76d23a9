#!/usr/bin/env python3
"""Checks who includes whom: layers.py [ROOT]. Prints every breach as file:line: text; exit 1 where there is one.

- Rooms stand in a row, rules <- dataplane <- hw <- control; a file includes only its own room and those before it.
- Within a room a file includes only files listed above it in the room's CMakeLists.txt (`x` there means x.h and x.cc).
- A third party's headers come in only through their doors.
- Nothing includes in a circle; every source of a room is listed and compiled."""

import fnmatch
import os
import re
import sys

ROOMS = ("rules", "dataplane", "hw", "control")

# Third-party headers, and the files that may include them. First match counts. The tests may include what they like.
DOORS = (
    ("libconfig*", ("rules/load.cc", "control/config.cc")),
    ("hs.h", ("rules/patterns*.cc",)),
    ("hs/*", ()),
    ("cap-ng.h", ("control/privileges.cc",)),
    ("idn2.h", ("rules/host_pattern.cc",)),
    ("ndpi*", ("dataplane/classifier*.cc",)),
    ("openssl/*", ("dataplane/quic*.cc", "control/digest.cc", "control/community_id.cc", "control/bench_quic.cc")),
    ("rte_mbuf*.h", ("dataplane/packet.h", "hw/*")),
    ("rte_rcu*.h", ("dataplane/snapshot.cc", "hw/*")),
    ("rte_ring*.h", ("dataplane/events.cc", "hw/*")),
    ("rte_*", ("hw/*",)),
    ("pcap*", ("hw/capture_reader.cc", "hw/capture_writer.cc", "hw/capture_port.cc")),
    ("CLI/*", ("control/*",)),
    ("nlohmann/*", ("control/*",)),
    ("fmt/*", ("control/*",)),
    ("spdlog/*", ("control/*",)),
    ("microhttpd.h", ("control/http_server.cc",)),
)
# The system's own headers: C++'s have no ending, C's and POSIX's are named.
SYSTEM = re.compile(r"^(?:[a-z_]+|(?:sys|arpa|net|netinet|linux|asm)/[a-z0-9_]+\.h|(?:[a-z]*intrin|cpuid|dirent|dlfcn|"
                    r"errno|fcntl|grp|ifaddrs|malloc|poll|pthread|pwd|sched|signal|syslog|termios|time|unistd)\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def sources(root, folder):
    for path, folders, names in os.walk(os.path.join(root, folder)):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".h", ".cc")):
                yield os.path.relpath(os.path.join(path, name), root)


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        for line, text in enumerate(file, 1):
            if match := INCLUDE.match(text):
                yield line, match[1] == "<", match[2]


def read_room(root, room):
    """The room's order as ranks of file names, and the words of its CMakeLists.txt."""
    with open(os.path.join(root, room, "CMakeLists.txt"), encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    match = re.search(rf"set\(\s*{room.upper()}_ORDER([^)]*)\)", text)
    ranks = {}
    for rank, entry in enumerate(match[1].split() if match else ()):
        for ending in ("",) if entry.endswith((".h", ".cc")) else (".h", ".cc"):
            ranks[f"{room}/{entry}{ending}"] = rank
    return ranks, set(re.split(r"[\s()]+", text))


def check_third_party(path, header):
    room = path.split("/")[0]
    if SYSTEM.match(header) or room == "tests":
        return None
    for pattern, doors in DOORS:
        if fnmatch.fnmatch(header, pattern):
            if any(fnmatch.fnmatch(path, door) for door in doors):
                return None
            return f"<{header}> may come in only through {', '.join(doors) or 'nobody'}"
    return f"<{header}> is not in the table of doors (scripts/layers.py)"


def check_own(path, header, ranks):
    room, other = path.split("/")[0], header.split("/")[0]
    if room == "tests":
        return None
    if other == "tests":
        return f'"{header}": only tests include tests'
    if other not in ROOMS:
        return f'"{header}": own headers are named from the root, as "room/file.h"'
    if ROOMS.index(other) > ROOMS.index(room):
        return f'"{header}": {room}/ stands before {other}/ and may not know it'
    if other == room and path in ranks and header in ranks:
        itself = path[:-3] == header[:-2]
        if ranks[header] >= ranks[path] and not itself:
            return f'"{header}" is not listed above this file in {room}/CMakeLists.txt'
    return None


def find_circles(graph):
    """Each circle of headers once, as a list of files."""
    state, circles = {}, []

    def visit(path, trail):
        state[path] = "open"
        for target in sorted(graph.get(path, ())):
            if state.get(target) == "open":
                circles.append(trail[trail.index(target):] + [target])
            elif target not in state:
                visit(target, trail + [target])
        state[path] = "done"

    for path in sorted(graph):
        if path not in state:
            visit(path, [path])
    return circles


def check(root):
    """Every breach in the tree, as text."""
    breaches, graph, ranks, words = [], {}, {}, {}
    for room in ROOMS:
        room_ranks, words[room] = read_room(root, room)
        ranks.update(room_ranks)
    for folder in ROOMS + ("tests",):
        for path in sources(root, folder):
            if folder in ROOMS:
                if path not in ranks:
                    breaches.append(f"{path}:1: is not listed in {folder.upper()}_ORDER of {folder}/CMakeLists.txt")
                if path.endswith(".cc") and os.path.relpath(path, folder) not in words[folder]:
                    breaches.append(f"{path}:1: is not compiled by {folder}/CMakeLists.txt")
            for line, angled, header in includes(root, path):
                text = check_third_party(path, header) if angled else check_own(path, header, ranks)
                if text:
                    breaches.append(f"{path}:{line}: {text}")
                if not angled:
                    graph.setdefault(path, set()).add(header)
    breaches += [f"{circle[0]}:1: includes in a circle: {' -> '.join(circle)}" for circle in find_circles(graph)]
    return breaches


if __name__ == "__main__":
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    found = check(top)
    print("\n".join(found) if found else "layers: every include is allowed")
    sys.exit(1 if found else 0)

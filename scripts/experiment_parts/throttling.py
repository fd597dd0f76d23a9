"""Theme A: how fast a triggered connection is, and by what mechanism (O1 to O9)."""

import itertools
import json
import os
import statistics
import subprocess
import sys

from lab_parts import boxes, figures, servers

from . import drawings, hellos, sessions
from .model import Experiment, Negative, Outcome, Published
from .sessions import both, bulk, pause, send, session

TRIGGER = "abs.twimg.com"
SETTLED, PACKET = 5.0, 1600  # s; bytes, with room for rounding
HELLO = hellos.client_hello(TRIGGER)
REPLY = hellos.application_data(900)
OFF = Negative("no rule slows anything", [(r'then *= *"slow"', 'then = "pass"')])
SHAPED = Negative("the class queues instead of dropping", [(r"police *=", "shape =")])
BURSTS = (8, 16, 32, 64, 256, 1024, 4096)  # KiB
LOOKALIKE, SHAPED_UPLOAD = "lookalike-tele2-3g-upload", "look-alike: all uploads shaped"
NO_POLICERS = {"lookalike-random-loss": "losses by chance", "lookalike-drop-tail": "a full queue"}
DEPTH = {"bucket depth": "16 KiB (nothing published but fact A3c's example)"}


def replayed(name, *loads, inverted=False, **more):
    """The published replay: hello, an answer, and the load. The control has every payload's bits turned over."""
    turned = hellos.inverted if inverted else bytes
    return session(name, [send("client", turned(HELLO.data)), send("server", turned(REPLY)), *loads], **more)


def picture(by, inverted=False):
    return bulk(by, sessions.PICTURE, inverted=inverted)


def wire_rates(results):
    """Converged rates at the receivers, IP bytes, kbit/s; of a transfer that was over before, the whole of it."""
    return {f"{name} {way}": (one.rate(SETTLED) or one.rate() or 0) / 1e3 for name, r in results.items() for way, one in r.wire.items()
            if sum(new for _, new in one.steps()) > sessions.PICTURE / 2}


def converging(bench):
    """O1: download, upload, both at once; and the same with every bit turned over."""
    wanted = [replayed("download", picture("server")), replayed("upload", picture("client")),
              replayed("both ways", both(picture("server"), picture("client")))]
    controls = [replayed("control down", picture("server", True), inverted=True),
                replayed("control up", picture("client", True), inverted=True)]
    results = bench.play(wanted + controls, capture=True)
    rates = wire_rates({r["id"]: results[r["id"]] for r in wanted})
    bench.switch(LOOKALIKE)
    shaped = bench.play([replayed(SHAPED_UPLOAD, picture("client"))], capture="look-alike")
    rough, smooth = (unevenness(one.wire["up"]) for one in (results["upload"], shaped[SHAPED_UPLOAD]))
    results |= shaped
    fast = min(results[c["id"]].goodput() for c in controls)
    rows = [["session", "direction", "time_s", "ip_bytes"]]
    for name, result in results.items():
        for way, one in result.wire.items():
            rows += [[name, way, f"{t - one.begin():.6f}", size] for t, size, _, _ in one.packets]
    return Outcome(list(rates.values()), {"four throttled directions were measured": len(rates) == 4,
                                          "the inverted control is at least ten times as fast": fast > 10 * 150_000,
                                          "every session ended whole": all(r.whole() for r in results.values()),
                                          "the look-alike's upload is smooth beside the throttled one": smooth < rough / 2},
                   rows=rows, window_s=SETTLED, free_parameters=DEPTH,
                   notes=", ".join(f"{k} {v:.1f}" for k, v in rates.items()) + "; the picture took " +
                         ", ".join(f"{one.end() - one.begin():.1f} s" for one in (results["download"].wire["down"], results["upload"].wire["up"])) +
                         f" (21 to 24 follow from the rate, A8); control {fast / 1e6:.1f} Mbit/s; "
                         f"uneven half seconds of the throttled upload {rough:.0%}, of the shaped one {smooth:.0%}")


def unevenness(direction, every=0.5):
    """The share of half seconds in which more than a packet less or more arrived than in most; without the first seconds
    and the last. What a queue lets out comes evenly; a stall of this machine is one half second of many."""
    first, last = direction.begin() + SETTLED, direction.end() - 1
    bins = [0] * max(int((last - first) / every), 2)
    for time, size, _, _ in direction.packets:
        if first <= time < first + len(bins) * every:
            bins[int((time - first) / every)] += size
    usual = statistics.median(bins)
    return sum(abs(size - usual) > PACKET for size in bins) / len(bins)


def fetch(bench, name):
    """What curl says of an HTTPS fetch of the picture, and its speed by total time, kbit/s."""
    said = bench.lab.run("client", "curl", "-4sk", "--max-time", "120", "-o", "/dev/null", "-w", "%{json}\n", f"https://{name}/picture.jpg",
                         seconds=140)
    told = json.loads(said.stdout.splitlines()[-1])
    return told, told["size_download"] * 8 / told["time_total"] / 1e3


def whole_fetches(bench):
    """O2: what a browser would see: size by total time of an HTTPS fetch of the same file. And the same at the rate that the
    first reports had (fact A1c)."""
    bench.box()
    told, slow = fetch(bench, TRIGGER)
    _, control = fetch(bench, "example.org")
    bench.switch(BOOK, [(r'"140kbit"', '"128kbit"')])
    bench.box()
    _, slower = fetch(bench, TRIGGER)
    return Outcome([slow], {"the control name gets at least 1 Mbit/s": control >= 1000,
                            "it gets no more than the book's rate, and no less than the crowd's slowest": 80 <= slow <= 140,
                            "at 128 kbit/s it stays below 130, as 98 % of the crowd's tests (A1d)": 100 <= slower < 130,
                            "the file came whole": told["size_download"] == servers.FILES["picture.jpg"]},
                   rows=[["fetch", "kbit_per_s"], [TRIGGER, f"{slow:.1f}"], ["example.org", f"{control:.1f}"],
                         [f"{TRIGGER} at 128 kbit/s", f"{slower:.1f}"]],
                   at="curl, file bytes by total time", free_parameters=DEPTH, notes=f"with a rate of 128 kbit/s (A1c): {slower:.1f} kbit/s")


def crossing(bench, result, way="down"):
    """(segment, seconds on the way or None) of one direction, from the sender's capture to the receiver's."""
    ends = ("server", "client") if way == "down" else ("client", "server")
    came, left = (bench.path(f"captures/{end}.pcap") for end in ends)
    local = result.session["local"]
    return [(s, held) for s, held in figures.pairs(came, left, result.session["port"], way)
            if local in (s.flow[1], s.flow[3]) and s.payload]


def silent_gaps(bench):
    """O3: what was sent and never came, how long nothing came, and that nothing else was done."""
    result = bench.play([replayed("download", picture("server"))], capture=True)["download"]
    pairs = crossing(bench, result)
    lost = [s for s, held in pairs if held is None]
    delays = sorted(held for _, held in pairs if held is not None)
    down = result.wire["down"]
    rtt = 2 * delays[0]
    gap = max((b[0] - a[0] for a, b in zip(down.packets, down.packets[1:])), default=0)
    skipped = max((sum(1 for _ in run) for gone, run in itertools.groupby(held is None for _, held in pairs) if gone), default=0)
    local = result.session["local"]
    resets = any(s.flags & figures.capture_files.RST and local in (s.flow[1], s.flow[3]) for end in ("client", "server")
                 for s in figures.capture_files.segments(bench.path(f"captures/{end}.pcap")))
    begin = pairs[0][0].time
    rows = [["time_s", "sequence", "payload", "arrived"]]
    rows += [[f"{(s.time - begin) / 1e9:.6f}", (s.seq - pairs[0][0].seq) % 2**32, s.payload, int(held is not None)] for s, held in pairs]
    return Outcome([gap / rtt], {"packets that were sent never came": len(lost) > 0, "no RST crossed": not resets,
                                 "what came was not late (9 in 10 within 1.5 times the least delay)":
                                     delays[int(len(delays) * 0.9)] < 1.5 * delays[0]},
                   rows=rows, free_parameters=DEPTH,
                   notes=f"{len(lost)} of {len(pairs)} packets lost; longest gap {gap:.2f} s at a round trip of {rtt * 1e3:.1f} ms; at most "
                         f"{skipped} in a row lost (A3b: one trace had 22 skipped IPIDs and a packet more than 1 s late; a shallower bucket "
                         "or a longer round trip than this bench's makes such)")


def policing_detected(bench):
    """O4: a policing detector on the sender's capture of three downloads; and of one with losses by chance, and one through a
    full queue, which are no policers."""
    wanted = [replayed(f"download {n}", picture("server")) for n in (1, 2, 3)]
    bench.play(wanted, capture=True)
    answers = detected(bench, wanted)
    rates = [answer["rate_bps"] / 1e3 for answer in answers if answer["verdict"] == "policed"]
    published = sum(answer["verdict"] == "policed" for answer in detected(bench, wanted, "--published"))
    others = {}
    for book, what in NO_POLICERS.items():
        bench.switch(book)
        download = replayed(what, picture("server"))
        bench.play([download], capture=True)
        others[what], = detected(bench, [download])
    answers += others.values()
    return Outcome([statistics.median(rates)] if rates else [],
                   {"of three downloads at least two are called policed": len(rates) >= 2} |
                   {f"{what}: not called policed": answer["verdict"] != "policed" for what, answer in others.items()},
                   rows=[list(answers[0]), *[list(answer.values()) for answer in answers]], at="server's capture, IP bytes",
                   free_parameters=DEPTH, notes=", ".join(f"{a['verdict']} {a['rate_bps']}" for a in answers) +
                   f"; the published rules alone (L5) call {published} of 3 policed")


def detected(bench, wanted, *how):
    """What scripts/detect-policing says of each session that was captured at its server."""
    answers = []
    for one in wanted:
        alone = bench.path("captures/alone.pcap")
        subprocess.run(["tcpdump", "-r", bench.path("captures/server.pcap"), "-w", alone, f"tcp port {one['local']}"], check=True,
                       capture_output=True)
        said = subprocess.run([sys.executable, os.path.join(boxes.TOP, "scripts/detect-policing"), *how, alone], capture_output=True,
                              text=True, check=True)
        answers.append(json.loads(said.stdout.splitlines()[-1]))
    return answers


def paced(bench):
    """O5: a sender below the rate loses nothing; one above it does."""
    wanted = [replayed(f"{rate // 1000} kbit/s", bulk("server", rate * 12 // 8, rate=rate)) for rate in (100_000, 200_000)]
    results = bench.play(wanted, capture=True)
    lost = {}
    for one in wanted:
        pairs = crossing(bench, results[one["id"]])
        lost[one["id"]] = sum(held is None for _, held in pairs) / len(pairs)
    below, above = lost.values()
    return Outcome([below], {"above the rate packets are lost": above > 0.02}, rows=[["sender", "share_lost"], *map(list, lost.items())],
                   at="between both ends' captures", free_parameters=DEPTH, notes=f"at 200 kbit/s {above:.1%} were lost")


def bucket_depth(bench):
    """O6: what passes of a burst at line rate before the first loss. The model's own number: none was published."""
    from . import virtual
    capture, passed, lost = virtual.Capture(), {}, set()
    for number, size in enumerate(BURSTS):
        one = session(f"{size} KiB", [send("client", HELLO.data), pause("server", 30), bulk("server", size * 1024)])
        virtual.talk_of(capture, one, virtual.BEGIN + number * 1000)
    for row in bench.fates(capture):
        if row["direction"] == "down" and row["flow"] not in lost:
            if row["fate"] == "dropped":
                lost.add(row["flow"])
            else:
                passed[row["flow"]] = passed.get(row["flow"], 0) + int(row["bytes"])
    deep = [size / 1024 for flow, size in passed.items() if flow in lost]
    return Outcome([max(deep)] if deep else [], at="box, IP bytes before the first loss", free_parameters=DEPTH,
                   rows=[["burst_kib", "passed_bytes", "lost"], *([size, passed[flow], int(flow in lost)] for size, flow in zip(BURSTS, passed))],
                   notes="with what the bucket got back meanwhile" if deep else
                   f"no burst up to {BURSTS[-1]} KiB lost a packet: the bucket is deeper, or this book does not police {TRIGGER}")


def directions_apart(bench):
    """O7: while the download starves, an upload below the rate loses nothing."""
    load = both(bulk("server", sessions.PICTURE // 2), bulk("client", 100_000, rate=80_000))
    result = bench.play([replayed("both", load)], capture=True)["both"]
    up, down = crossing(bench, result, "up"), crossing(bench, result)
    lost = [sum(held is None for _, held in pairs) / len(pairs) for pairs in (up, down)]
    return Outcome([lost[0]], {"the download lost packets meanwhile": lost[1] > 0.02},
                   rows=[["direction", "share_lost"], ["up", lost[0]], ["down", lost[1]]], at="between both ends' captures",
                   free_parameters=DEPTH, notes=f"the download lost {lost[1]:.1%}")


def two_at_once(bench):
    """O8: two triggered connections of one pair of hosts: the sum of their rates, in one connection's rate."""
    results = bench.play([replayed(name, picture("server")) for name in ("one", "two")], capture=True)
    rates = wire_rates(results)
    return Outcome([sum(rates.values()) / 140], rows=[["session", "kbit_per_s"], *map(list, rates.items())], window_s=SETTLED,
                   free_parameters=DEPTH | {"scope": "a bucket for each connection (fact A7, an inference)"})


def wehe(bench):
    """O9: the Wehe test on the original and its inverted control, and on two controls."""
    wanted = [replayed("original", picture("server"))]
    wanted += [replayed(f"control {n}", picture("server", True), inverted=True) for n in (1, 2)]
    for one in wanted:  # one after another, as the published tool does
        bench.play([one], capture=True)
        os.replace(bench.path("captures/client.pcap"), bench.path(f"{one['id']}.pcap"))
    answers = [json.loads(subprocess.run([sys.executable, os.path.join(boxes.TOP, "scripts/detect-wehe"), "--area", "0.5", "--ks", "0.01",
                                          *(bench.path(f"{name}.pcap") for name in pair)], capture_output=True, text=True, check=True).stdout)
               for pair in (("original", "control 1"), ("control 1", "control 2"))]
    for one in wanted:
        os.remove(bench.path(f"{one['id']}.pcap"))
    return Outcome([answers[0]["area"]], {"original against control: differentiated": answers[0]["verdict"] == "differentiated",
                                          "control against control: not": answers[1]["verdict"] != "differentiated"},
                   rows=[list(answers[0]), *[list(answer.values()) for answer in answers]], free_parameters=DEPTH,
                   at="client's capture", notes=f"p {answers[0]['ks_p']:.2g}; of two controls: area {answers[1]['area']}, p {answers[1]['ks_p']:.2g}")


BOOK = "twitter-2021-04-02"
EXPERIMENTS = [
    Experiment("O1", "A triggered connection converges to 130–150 kbit/s, each way", ["A1", "A1b", "A4", "A8", "L1"], BOOK,
               Published(130, 150, "kbit/s", "X21 §5", "READ"), converging, OFF, figure=drawings.saw_tooth),
    Experiment("O2", "A plain HTTPS fetch, as a browser's user sees it", ["A1c", "A1d", "A8"], BOOK,
               Published(80, 125, "kbit/s", "DS (p5 to p95 of slow tests)", "DATA"), whole_fetches, OFF,
               explained="A bucket of 140 kbit/s lets a fetch have 137 to 139; only one of 128 kbit/s or less (A1c) has 98 % of tests "
                         "below 130, as the crowd saw. Print contradicts itself; the books follow X21's 130 to 150."),
    Experiment("O3", "Packets are dropped in silence, in gaps of more than five round trips", ["A2", "A3", "A3b", "A6"], BOOK,
               Published(5, float("inf"), "longest gap in delivery, in round trips", "X21 §6.1", "READ"), silent_gaps, SHAPED,
               figure=drawings.sequence),
    Experiment("O4", "A detector calls it policed, and finds the rate", ["A2", "L4", "L5", "L8"], BOOK,
               Published(133, 147, "kbit/s", "FL16 (within 5 % of what is configured); ours finds the rate", "READ"), policing_detected, SHAPED),
    Experiment("O5", "A sender below the rate loses nothing", ["A5"], BOOK, Published(0, 0, "share lost at 100 kbit/s", "CP21", "READ"),
               paced, Negative("a rate of 64 kbit/s", [(r'"140kbit"', '"64kbit"')])),
    Experiment("O6", "How deep the bucket is", ["A3c"], BOOK, Published(None, None, "KiB", "CP21 (an example, no measurement)", "READ"),
               bucket_depth, OFF, "virtual"),
    Experiment("O7", "Each direction has a bucket of its own", ["A4"], BOOK,
               Published(0, 0, "share of the upload lost", "CP21; X21 §5", "READ"), directions_apart,
               Negative("one bucket for both directions", [(r'direction *= *"each"', 'direction = "shared"')])),
    Experiment("O8", "Two triggered connections of one pair of hosts", ["A7", "K3"], BOOK,
               Published(None, None, "rates of one connection", "not tested in print", "READ"), two_at_once,
               Negative("a bucket for each host", [(r'scope *= *"flow"', 'scope = "host"')])),
    Experiment("O9", "The Wehe test tells the original from its inverted control", ["L1", "L2", "L3"], BOOK,
               Published(0.5, 1, "area", "WEHE (server's default threshold)", "READ"), wehe, OFF),
]

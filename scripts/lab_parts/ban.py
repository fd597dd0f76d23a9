"""A ban on a whole platform by name, and what is left of it behind each connection: the 5-tuple stays blocked for a while
(facts F1, F4, G3), other connections of the same client do not.

A connection with a banned name, then one with a clean name from the same port every two seconds until it comes through;
beside it a clean name from another port, and a banned one."""

import concurrent.futures
import time

from . import bench, boxes, story, topology, treatments

BOOK = "tspu-2022"
HOLDS = {"sni-4.example": 40.0, "sni-1.example": 75.0}  # seconds (fact G3)
PLATFORM = ("www", "cdn", "api")
CLEAN, EVERY, LATE = "www.example.com", 2.0, 5.0  # LATE: a SYN that is sent again, and a step
SAME, OTHER, BANNED = 1.5, 4.0, 0.5  # seconds that a try may take: of the same port often, of another until it comes
PORTS = {"sni-4.example": 50010, "sni-1.example": 50020}


def reaches(lab, name, port, seconds):
    return treatments.own_client(lab, name, port, seconds=seconds)["bytes"] > 0


def follow(lab, platform):
    """What comes through at which time, in seconds since the connection that was hit."""
    port, hold = PORTS[platform], HOLDS[platform]
    banned = [reaches(lab, f"{host}.{platform}", treatments.some_port(), SAME) for host in PLATFORM]
    begin = time.monotonic()
    seen = {"same port": [[0.0, reaches(lab, f"www.{platform}", port, SAME)]], "other port": [], "banned name": []}
    while time.monotonic() - begin < hold + 2 * LATE:
        now = time.monotonic() - begin
        came = reaches(lab, CLEAN, port, SAME)
        seen["same port"].append([now, came])
        seen["other port"].append([now, reaches(lab, CLEAN, treatments.some_port(), OTHER)])
        seen["banned name"].append([now, reaches(lab, f"www.{platform}", treatments.some_port(), BANNED)])
        if came:
            break
        time.sleep(max(0.0, EVERY - (time.monotonic() - begin - now)))
    return {"hold_s": hold, "banned": banned, "seen": seen}


def claims_of(found):
    claims = {}
    for platform, one in found.items():
        same, hold = one["seen"]["same port"], one["hold_s"]
        came = [moment for moment, good in same if good]
        claims |= {
            f"{platform}: no name of the platform comes through": not any(one["banned"]),
            f"{platform}: the same 5-tuple is blocked for {hold:g} s, clean names too":
                bool(came) and hold - EVERY <= came[0] <= hold + LATE,
            f"{platform}: a clean name from another port comes through all the while":
                all(good for _, good in one["seen"]["other port"]),
            f"{platform}: a banned one never does": not any(good for _, good in one["seen"]["banned name"])}
    return claims


def draw(order, found):
    rows = [(platform, what) for platform in found for what in ("same port", "other port", "banned name")]
    words = {"same port": "same port, clean name", "other port": "other port, clean name", "banned name": "other port, banned name"}
    picture = story.Rows("A platform banned by name, and its residual hold", [f"{p[:5]}: {words[w]}" for p, w in rows],
                         max(one["hold_s"] for one in found.values()) + LATE, "seconds since the connection that was hit")
    for row, (platform, what) in enumerate(rows):
        for moment, good in found[platform]["seen"][what]:
            picture.mark(row, moment, good)
        if what == "same port":
            picture.limit(row, found[platform]["hold_s"])
    picture.write(order.path("ban.svg"), [("line", story.GOOD, "came through"), ("cross", story.BAD, "did not"),
                                          ("dash", story.LIMIT, "published hold")])


def measure(lab, box, quick):
    boxes.put(lab, box, story.book(BOOK))
    wanted = list(HOLDS)[:1] if quick else list(HOLDS)
    with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(lambda platform: follow(lab, platform), wanted)))


def run(order):
    with bench.standing_lab(order.name, bench.Wanted(box="none", rtt_ms=order.rtt_ms or 20)) as lab:
        found = measure(lab, order.box, order.quick)
    draw(order, found)
    rows = []
    for platform, one in found.items():
        same = one["seen"]["same port"]
        first = next((f"{moment:.1f} s" for moment, good in same if good), "never")
        rows.append([platform, f"{one['hold_s']:g} s", len(same) - 1, first, len(one["seen"]["other port"])])
    heads = ["platform", "published hold", "tries from the same port", "first came through", "clean tries beside"]
    return story.finish(order, "ban", heads, rows, {"server": topology.SERVER, "platforms": found, "claims": claims_of(found)})

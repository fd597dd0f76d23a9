"""A loose pattern, and who else it hit: `*t.co*` on 10 March 2021, corrected the day after (facts B5, B6).

Names on one server, each fetched over TLS under the books of both days, twice where the first was slow: a name that is
throttled is slow each time. A transfer counts as slowed below 400 kbit/s of payload, the threshold of the crowd's
measurements (fact A1d)."""

import concurrent.futures
import json

from . import bench, boxes, figures, servers, story, topology

DAYS = {"10 March": "twitter-2021-03-10", "11 March": "twitter-2021-03-11"}
MEANT = ("t.co", "abs.twimg.com", "twitter.com")
HIT = ("reddit.com", "www.microsoft.com", "raw.githubusercontent.com")
OTHERS = ("example.org", "www.example.com")
SLOW = 400_000  # bit/s
FILE, SECONDS = "small.bin", 30


def fetch(lab, name):
    """One download; bits of payload a second, 0 where it did not end."""
    said = lab.run("client", "curl", "-4sk", "--http1.1", "--max-time", str(SECONDS), "-o", "/dev/null", "-w", "%{json}\n",
                   "--resolve", f"{name}:443:{topology.SERVER}", f"https://{name}/{FILE}", seconds=SECONDS + 20)
    told = json.loads(said.stdout.splitlines()[-1])
    whole = said.returncode == 0 and told["size_download"] == servers.FILES[FILE]
    return told["size_download"] * 8 / told["time_total"] if whole else 0.0


def rate_of(lab, name):
    """The better one of two downloads, where one is not fast."""
    first = fetch(lab, name)
    return first if first >= SLOW else max(first, fetch(lab, name))


def measure(lab, box):
    """Rates by day and name."""
    found = {}
    for day, book in DAYS.items():
        boxes.put(lab, box, story.book(book))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            names = MEANT + HIT + OTHERS
            found[day] = dict(zip(names, pool.map(lambda name: rate_of(lab, name), names)))
    return found


def claims_of(found):
    first, second = (found[day] for day in DAYS)

    def slowed(rates, names):
        return [0 < rates[name] < SLOW for name in names]
    return {
        "the platform's names are slowed on both days": all(slowed(first, MEANT) + slowed(second, MEANT)),
        "names that only contain t.co are slowed on 10 March": all(slowed(first, HIT)),
        "they are free on 11 March, when t.co is exact": not any(slowed(second, HIT)),
        "names without it are free on both days": not any(slowed(first, OTHERS) + slowed(second, OTHERS)),
        "every file arrived whole": all(rate > 0 for rates in found.values() for rate in rates.values())}


def draw(order, found):
    names = MEANT + HIT + OTHERS
    picture = story.Rows("*t.co* and who else it hit: a 60 kB file by name", names, 1000, "kbit/s of payload; bars end at 1000")
    for row, name in enumerate(names):
        for part, day in enumerate(DAYS):
            rate = found[day][name]
            picture.bar(row, 0, min(rate / 1000, 1000), story.BAD if rate < SLOW else story.GOOD, part, len(DAYS))
        picture.limit(row, SLOW / 1000)
    picture.write(order.path("pattern.svg"), [("area", story.BAD, "slowed"), ("area", story.GOOD, "free"),
                                              ("dash", story.LIMIT, "400 kbit/s; 10 March above, 11 March below")])


def run(order):
    with bench.standing_lab(order.name, bench.Wanted(box="none", rtt_ms=order.rtt_ms or 20)) as lab:
        found = measure(lab, order.box)
    draw(order, found)
    rows = [[name, *(figures.rate_text(found[day][name]) for day in DAYS)] for name in MEANT + HIT + OTHERS]
    return story.finish(order, "pattern", ["name", *DAYS], rows, {"rates_bps": found, "claims": claims_of(found)})

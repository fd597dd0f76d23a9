"""A messenger that is blocked by address moves on, and its block grows by prefixes (fact F6): who else is hit is counted.

Prefixes of sixteen addresses (documentation space); in each the messenger has one and five bystanders one each. In each
round the messenger's present prefix is added to the blocked ones and pushed to the running box; then it moves to the next.
At the end everything is rolled back."""

import json
import os
import sys

from . import bench, boxes, reload, servers, story

ROUNDS, QUICK_ROUNDS = 6, 3
BYSTANDERS, PREFIX = 5, 28
FIRST = 64  # 198.51.100.64/28 is the first prefix
WAIT = 3.5  # seconds: two SYN that are lost are sent again
KNOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "knock.py")


def prefix(number):
    return f"198.51.100.{FIRST + 16 * number}/{PREFIX}"


def messenger(number):
    return f"198.51.100.{FIRST + 16 * number + 1}"


def bystanders(number):
    return [f"198.51.100.{FIRST + 16 * number + 2 + i}" for i in range(BYSTANDERS)]


def block(lab, rounds):
    """The book that blocks the first prefixes, both ways (fact F6)."""
    listed = ", ".join(f'"{prefix(number)}"' for number in range(rounds))
    rules = "".join(f'  {{ name = "{end}"; when = {{ {end} = [{listed}]; }}; then = "address"; }}{comma}\n'
                    for end, comma in (("server", ","), ("client", ""))) if rounds else ""
    return story.write_book(lab, f"blocked-{rounds}", f'book = "blocked-{rounds}";\npurpose = "model";\n'
                            f'classes = ( {{ name = "address"; drop = {{ }}; }} );\nrules = (\n{rules});\n')


def knock(lab, rounds):
    """Who is reachable: the messenger's address of each round, and the bystanders of each prefix."""
    addresses = [a for number in range(rounds + 1) for a in (messenger(number), *bystanders(number))]
    told = lab.run("client", sys.executable, KNOCK, str(servers.BULK_PORT), str(WAIT), *addresses)
    return json.loads(told.stdout)


def look(lab, rounds, number, blocked):
    """One line of the story: the messenger is at prefix `number`, the first `blocked` prefixes are blocked."""
    seen = knock(lab, rounds)
    lost = [a for p in range(rounds + 1) for a in bystanders(p) if not seen[a]]
    return {"messenger_at": messenger(number), "messenger": seen[messenger(number)], "blocked_prefixes": blocked,
            "blocked_addresses": blocked * 2 ** (32 - PREFIX), "bystanders_lost": len(lost),
            "lost_outside": sum(1 for a in lost if a not in [b for p in range(blocked) for b in bystanders(p)])}


def measure(lab, box, rounds):
    boxes.put(lab, box, block(lab, 0))
    steps = [look(lab, rounds, 0, 0)]
    for number in range(rounds):
        if box == "slowlane":
            reload.change(lab, "reload", block(lab, number + 1), "--wait", "0s")
        steps.append(look(lab, rounds, number, number + 1))
        steps.append(look(lab, rounds, number + 1, number + 1))
    if box == "slowlane":
        for _ in range(rounds):
            reload.change(lab, "rollback")
    return {"steps": steps, "after": look(lab, rounds, rounds, 0)}


def claims_of(found):
    steps = found["steps"]
    return {
        "each block takes the messenger off": not any(step["messenger"] for step in steps[1::2]),
        "each move brings it back": all(step["messenger"] for step in steps[::2]),
        f"each blocked prefix costs its {BYSTANDERS} bystanders":
            all(step["bystanders_lost"] == BYSTANDERS * step["blocked_prefixes"] for step in steps),
        "nobody outside the blocked prefixes is hit": not any(step["lost_outside"] for step in steps),
        "rolled back, everybody is reachable": found["after"]["messenger"] and not found["after"]["bystanders_lost"]}


def draw(order, found):
    steps = found["steps"]
    labels = [f"{step['blocked_prefixes']} prefixes, at {step['messenger_at']}" for step in steps]
    picture = story.Rows("A messenger blocked by prefixes moves on: bystanders lost", labels,
                         max(max(step["bystanders_lost"] for step in steps), 5), "bystanders that cannot be reached")
    for row, step in enumerate(steps):
        picture.bar(row, 0, step["bystanders_lost"], "#b9cbe0")
        picture.mark(row, 0.15, step["messenger"])
    picture.write(order.path("moving.svg"), [("line", story.GOOD, "messenger reachable"), ("cross", story.BAD, "not"),
                                             ("area", "#b9cbe0", "bystanders lost")])


def run(order):
    rounds = QUICK_ROUNDS if order.quick else ROUNDS
    with bench.standing_lab(order.name, bench.Wanted(box="none")) as lab:
        story.give_addresses(lab, "server", [a for n in range(rounds + 1) for a in (messenger(n), *bystanders(n))])
        found = measure(lab, order.box, rounds)
    draw(order, found)
    rows = [[step["messenger_at"], "yes" if step["messenger"] else "no", step["blocked_prefixes"], step["blocked_addresses"],
             step["bystanders_lost"]] for step in [*found["steps"], found["after"]]]
    heads = ["messenger at", "reachable", "blocked prefixes", "blocked addresses", "bystanders lost"]
    return story.finish(order, "moving", heads, rows, found | {"claims": claims_of(found)})

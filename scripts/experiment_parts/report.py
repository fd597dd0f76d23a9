"""What remains of a run: one JSON object and a CSV for each experiment, figures, and one table."""

import csv
import json
import os
import re

from lab_parts import figures

from . import made_with, model

HEADS = ["", "experiment", "facts", "published", "source", "measured", "verdict", "behaviour switched off"]


def _number(value):
    return "∞" if value == float("inf") else f"{value:.4g}"


def record(experiment, outcome, negative, used, seed):
    """The JSON object of contract §8. `used`: the books that were in force, the first one in place of the experiment's own
    where another was asked for; what is known of its own book is then not said."""
    published, own = experiment.published, used[0] == experiment.profile
    high = None if published.high in (None, float("inf")) else published.high
    found = {"experiment": experiment.name, "title": experiment.title, "facts": experiment.facts, "profile": used[0], "own_profile": own,
             "books": used,
             "published": {"low": published.low, "high": high, "unit": published.unit, "source": published.source, "mark": published.mark},
             "explained": experiment.explained if own else "",
             "free_parameters": outcome.free_parameters if own else {"all": f"as in {used[0]}"}, "seed": seed, "where": experiment.where,
             "command": made_with.command(), "negative": None} | _told(outcome, published)
    if negative is not None:
        told = _told(negative, published)
        found["negative"] = {"behaviour": experiment.negative.title, "verdict": told["verdict"], "measured": told["measured"],
                             "claims": told["claims"], "why": why(experiment.name, found | told)}
    return found


def _told(outcome, published):
    """What one run told, under whichever book."""
    return {"measured": outcome.measured(published.unit), "verdict": outcome.as_published(published), "claims": outcome.claims,
            "cells": [vars(c) | {"holds": None if c.expected is None else c.holds()} for c in outcome.cells], "notes": outcome.notes}


def excused(found):
    """Whether it differs for the reason that is given, and no more: in its figure, while claims and cells hold."""
    return bool(found["explained"]) and all(found["claims"].values()) and all(cell["holds"] is not False for cell in found["cells"])


def shows(found):
    """Whether its negative differs; where the figure differs anyway, in a claim that holds otherwise."""
    negative = found["negative"]
    if negative is None:
        return True
    fails = [claim for claim, so in negative["claims"].items() if not so and found["claims"].get(claim)]
    return negative["verdict"] == model.DIFFERS and (found["verdict"] != model.DIFFERS or bool(fails))


def keep(folder, experiment, outcome, found):
    """JSON, CSV and figure of one experiment."""
    with open(os.path.join(folder, f"{experiment.name}.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    if outcome.rows:
        with open(os.path.join(folder, f"{experiment.name}.csv"), "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(outcome.rows)
    if experiment.figure and outcome.rows:
        experiment.figure(outcome, os.path.join(folder, f"{experiment.name}.svg"))


def interval(published):
    if published["low"] is None:
        return f"no number ({published['unit']})"
    if published["unit"] == model.ALL_CELLS:
        return "yes/no"
    high = "∞" if published["high"] is None else _number(published["high"])
    both = _number(published["low"]) if published["low"] == published["high"] else f"{_number(published['low'])}–{high}"
    return f"{both} {published['unit']}"


def measured(found):
    one, cells = found["measured"], [c for c in found["cells"] if c["expected"] is not None]
    if found["published"]["unit"] == model.ALL_CELLS:
        return f"{sum(c['holds'] for c in cells)} of {len(cells)} as published"
    if one["n"] == 0:
        return "nothing"
    spread = f" ({_number(one['min'])}–{_number(one['max'])}, n={one['n']})" if one["n"] > 1 else ""
    return f"{_number(one['median'])}{spread}"


def row(found):
    negative = found["negative"]
    source = f"{found['published']['source']} {found['published']['mark']}"
    return [found["experiment"], found["title"], ", ".join(found["facts"]), interval(found["published"]), source, measured(found),
            found["verdict"].replace("_", " "), f"{negative['behaviour']}: {negative['verdict']}" if negative else "-"]


def short(found):
    negative = found["negative"]
    return (f"{found['experiment']}: {measured(found)}, {found['verdict'].replace('_', ' ')}" +
            (f"; {negative['behaviour']}: {negative['verdict']}" if negative else ""))


def why(name, found):
    """What is not as published: lines."""
    one, published = found["measured"], found["published"]
    wrong = [f"claim that does not hold: {claim}" for claim, so in found["claims"].items() if not so]
    wrong += [f"{c['label']}: {'yes' if c['found'] else 'no'}, {'yes' if c['expected'] else 'no'} in print" for c in found["cells"]
              if c["expected"] is not None and not c["holds"]]
    if published["unit"] != model.ALL_CELLS:
        high = float("inf") if published["high"] is None else published["high"]
        if one["n"] == 0:
            wrong.insert(0, "nothing could be measured" + (f": {found['notes']}" if found["notes"] else ""))
        elif one["min"] < published["low"] or one["max"] > high:
            wrong.insert(0, f"{measured(found)} {one['unit']} is not within {interval(published)}")
    return [f"{name} differs: {line}" for line in wrong[:12]] + [f"{name}: and {len(wrong) - 12} more"] * (len(wrong) > 12)


def table(all_found):
    """The one table that a run ends in, and below it what did not hold, and which books were not the experiments' own."""
    lines = []
    for found in all_found:
        if found["verdict"] == model.DIFFERS:
            lines += why(found["experiment"], found)
            lines += [f"{found['experiment']}, known why: {found['explained']}"] * excused(found)
        if not shows(found):
            lines.append(f"{found['experiment']}: with \"{found['negative']['behaviour']}\" it does not differ: its negative fails")
        if not found["own_profile"]:
            more = ", ".join(found["books"][1:])
            lines.append(f"{found['experiment']} ran on {found['profile']}, not on its own book" +
                         (f"; that stood in the place of its first only, the others were {more}" if more else ""))
    return figures.table(HEADS, [row(found) for found in all_found]) + "".join(f"\n\n{line}" for line in lines)


def kept(folder):
    """What earlier runs into the same folder left, and this one: in the order of their names."""
    found = []
    for name in os.listdir(folder):
        if re.fullmatch(r"O\d+[a-z]?\.json", name):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found.append(json.load(file))
    return sorted(found, key=lambda one: model.number_of(one["experiment"]))


def page(folder):
    """One page with the table and every figure of all that lies there."""
    all_found = kept(folder)
    with open(os.path.join(folder, "experiments.md"), "w", encoding="utf-8") as file:
        file.write("# Experiments\n\n" + table(all_found) + "\n\n")
        for found in all_found:
            name, picture = found["experiment"], f"{found['experiment']}.svg"
            file.write(f"## {name}: {found['title']}\n\n")
            if os.path.exists(os.path.join(folder, picture)):
                file.write(f"![{found['title']}]({picture})\n\nDrawn from {name}.csv. ")
            file.write(f"Made by `{found['command']}`, seed {found['seed']}; books: {', '.join(found['books'])}.\n\n")
            if found["notes"]:
                file.write(f"{found['notes']}\n\n")

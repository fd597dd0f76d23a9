"""What remains of a run: one JSON object and a CSV for each experiment, figures, and one table."""

import csv
import json
import os

from lab_parts import figures

from . import made_with, model

HEADS = ["", "experiment", "facts", "published", "source", "measured", "verdict", "behaviour switched off"]


def _number(value):
    return "∞" if value == float("inf") else f"{value:.4g}"


def record(experiment, outcome, negative, seed):
    """The JSON object of contract §8."""
    published = experiment.published
    high = None if published.high in (None, float("inf")) else published.high
    found = {"experiment": experiment.name, "title": experiment.title, "facts": experiment.facts, "profile": experiment.profile,
             "published": {"low": published.low, "high": high, "unit": published.unit, "source": published.source, "mark": published.mark},
             "measured": outcome.measured(published.unit), "verdict": outcome.as_published(published),
             "explained": experiment.explained, "claims": outcome.claims, "cells": [vars(c) | {"holds": c.holds()} for c in outcome.cells], "notes": outcome.notes,
             "free_parameters": outcome.free_parameters, "seed": seed, "where": experiment.where}
    found["negative"] = None
    if negative is not None:
        found["negative"] = {"behaviour": experiment.negative.title, "verdict": negative.as_published(published),
                             "measured": negative.measured(published.unit)}
    return found


def versions(book_digests):
    """What every run says of itself once."""
    return {"commit": made_with.commit() or None, "kernel": made_with.kernel(), "versions": made_with.versions(), "books": book_digests}


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


def table(all_found):
    """The one table that a run ends in, and below it what did not hold."""
    text = figures.table(HEADS, [row(found) for found in all_found])
    for found in all_found:
        wrong = [claim for claim, so in found["claims"].items() if not so]
        wrong += [f"{c['label']}: {'throttled' if c['found'] else 'not throttled'}, unlike print" for c in found["cells"] if not c["holds"]]
        if found["verdict"] == model.DIFFERS and found["explained"]:
            text += f"\n\n{found['experiment']} differs: {found['explained']}"
        elif wrong and found["verdict"] == model.DIFFERS:
            text += "\n\n" + "\n".join(f"{found['experiment']} differs: {claim}" for claim in wrong[:12])
    return text


def page(folder, all_found):
    """One page with the table and every figure."""
    with open(os.path.join(folder, "experiments.md"), "w", encoding="utf-8") as file:
        file.write("# Experiments\n\n" + table(all_found) + "\n\n")
        for found in all_found:
            picture = f"{found['experiment']}.svg"
            if os.path.exists(os.path.join(folder, picture)):
                file.write(f"## {found['experiment']}: {found['title']}\n\n![{found['title']}]({picture})\n\n"
                           f"Drawn from {found['experiment']}.csv; made by `scripts/experiments {found['experiment']} --seed {found['seed']}`.\n\n")
            if found["notes"]:
                file.write(f"{found['experiment']}: {found['notes']}\n\n")

"""The experiments that need only time, and what a verdict is."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "scripts"))
from experiment_parts import bench, catalogue, hellos, model, report  # noqa: E402
from lab_parts import boxes  # noqa: E402


def run(*words):
    """scripts/experiments; (exit code, records by name)."""
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run([sys.executable, os.path.join(TOP, "scripts/experiments"), *words, "--json", "--out", folder],
                              capture_output=True, text=True, check=False)
    records = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
    return said, {record["experiment"]: record for record in records}


class Verdicts(unittest.TestCase):
    PUBLISHED = model.Published(1, 2, "x", "nobody", "READ")

    def test_a_value_outside_the_interval_differs(self):
        self.assertEqual(model.Outcome([1.5, 2.1]).as_published(self.PUBLISHED), "differs")
        self.assertEqual(model.Outcome([1.5, 2.0]).as_published(self.PUBLISHED), "agrees")

    def test_nothing_measured_differs(self):
        self.assertEqual(model.Outcome([]).as_published(self.PUBLISHED), "differs")
        self.assertEqual(model.Outcome([None]).as_published(self.PUBLISHED), "differs")

    def test_a_claim_that_does_not_hold_differs(self):
        self.assertEqual(model.Outcome([1.5], {"so": False}).as_published(self.PUBLISHED), "differs")

    def test_a_cell_unlike_print_differs_and_one_not_in_print_does_not_count(self):
        cells = model.Published(1, 1, model.ALL_CELLS, "nobody", "READ")
        self.assertEqual(model.Outcome(cells=[model.Cell("a", True, True), model.Cell("b", None, True)]).as_published(cells), "agrees")
        self.assertEqual(model.Outcome(cells=[model.Cell("a", True, False)]).as_published(cells), "differs")

    def test_without_a_published_number_nothing_is_asserted(self):
        self.assertEqual(model.Outcome([7]).as_published(model.Published(None, None, "x", "nobody", "READ")), "not_established")


class Excuses(unittest.TestCase):
    """A known reason excuses a figure, and nothing else."""
    FOUND = {"verdict": "differs", "explained": "a known reason", "claims": {"so": True}, "cells": [], "negative": None}

    def test_a_known_reason_excuses_a_figure(self):
        self.assertTrue(report.excused(self.FOUND))
        self.assertFalse(report.excused(self.FOUND | {"explained": ""}))

    def test_it_excuses_no_claim_and_no_cell(self):
        self.assertFalse(report.excused(self.FOUND | {"claims": {"so": False}}))
        self.assertFalse(report.excused(self.FOUND | {"cells": [{"holds": False}]}))
        self.assertTrue(report.excused(self.FOUND | {"cells": [{"holds": None}]}))

    def test_what_differs_anyway_needs_a_claim_that_fails_without_the_behaviour(self):
        def without(so):
            return self.FOUND | {"negative": {"verdict": "differs", "claims": {"so": so}}}
        self.assertFalse(report.shows(without(True)))
        self.assertTrue(report.shows(without(False)))
        self.assertTrue(report.shows(without(True) | {"verdict": "agrees"}))
        self.assertFalse(report.shows(self.FOUND | {"verdict": "agrees", "negative": {"verdict": "agrees", "claims": {}}}))


class Catalogue(unittest.TestCase):
    def test_every_negative_changes_its_book(self):
        for one in catalogue.EXPERIMENTS:
            with self.subTest(one.name):
                before = bench.edited(boxes.book_path(one.profile), [])
                self.assertNotEqual(before, bench.edited(boxes.book_path(one.profile), one.negative.edits))

    def test_nothing_recalled_is_asserted(self):
        for one in catalogue.EXPERIMENTS:
            if one.published.low is None:
                continue
            self.assertNotEqual(one.published.mark, "RECALLED", one.name)
            self.assertFalse({"G4", "H4", "F6b", "G9", "F9"} & set(one.facts), one.name)


class Page(unittest.TestCase):
    """docs/model.md says of every published fact what the model makes of it."""

    def test_every_fact_has_a_row(self):
        facts = os.path.join(TOP, "..", "shared", "published", "facts.md")
        if not os.path.exists(facts):
            self.skipTest("the list of facts is not there")
        with open(facts, encoding="utf-8") as file:
            known = set(re.findall(r"^\| ([A-L]\d+[a-z]?) \|", file.read(), re.M)) - {"H26"}  # a source's key
        with open(os.path.join(TOP, "docs", "model.md"), encoding="utf-8") as file:
            rows = set(re.findall(r"\b[A-L]\d+[a-z]?\b", " ".join(re.findall(r"^\|([^|]*)\|", file.read(), re.M))))
        self.assertGreater(len(known), 100)
        self.assertEqual(known - rows, set(), "facts without a row")

    def test_every_row_of_a_fact_names_its_source_and_its_mark(self):
        with open(os.path.join(TOP, "docs", "model.md"), encoding="utf-8") as file:
            tables = [[[cell.strip() for cell in line.strip("|\n").split("|")] for line in part.split("\n") if line.startswith("|")]
                      for part in file.read().split("\n## ")]
        keys = {key for row in tables[-1] for key in row[0].split(", ")}
        facts = [row for table in tables[:-1] for row in table if re.match(r"[A-L]\d+[a-z]?(,|$)", row[0])]
        self.assertGreater(len(facts), 80)
        for row in facts:
            with self.subTest(row[0]):
                self.assertEqual(len(row), 4, "fact, what, here, source and mark")
                for source in row[3].split("; "):
                    self.assertRegex(source, r"^\S.*: (READ(-excerpt|-2nd)?(, an inference|, computed)?|DATA|RECALLED)$")
                    named = [one.split()[0] for one in re.sub(r"(?<=\d), (?=\d)", " ", source.split(":")[0]).split(", ")]
                    self.assertLessEqual(set(named) - {"a", "an"}, keys, "a source that the key list lacks")

    def test_every_experiment_that_the_page_names_is_there(self):
        with open(os.path.join(TOP, "docs", "model.md"), encoding="utf-8") as file:
            named = set(re.findall(r"\bO\d+[a-z]?\b", file.read()))
        self.assertEqual(named - {one.name for one in catalogue.EXPERIMENTS}, {"O37"}, "named, and said not to be run")


class Hellos(unittest.TestCase):
    def test_the_map_covers_every_byte_once(self):
        hello = hellos.client_hello("abs.twimg.com", padded_to=900)
        ends = [0] + [end for _, _, end in hello.fields]
        self.assertEqual([begin for _, begin, _ in hello.fields], ends[:-1])
        self.assertEqual(len(hello.data), 900)
        self.assertEqual(ends[-1], 900)


class Virtual(unittest.TestCase):
    """Each agrees, and differs without the behaviour."""

    def check(self, *names):
        said, found = run(*names, "--negative")
        self.assertEqual(set(found), set(names), said.stderr)
        for name in names:
            one = found[name]
            self.assertEqual(one["verdict"], "agrees", json.dumps(one, indent=1)[:3000])
            self.assertEqual(one["negative"]["verdict"], "differs", name)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)

    def test_windows(self):
        self.check("O18", "O18b")

    def test_state(self):
        self.check("O20", "O21")

    def test_shares(self):
        self.check("O24")

    def test_chance_losses(self):
        self.check("O38")

    def test_another_seed_is_another_draw(self):
        _, found = run("O24", "--seed", "2")
        self.assertEqual(found["O24"]["verdict"], "agrees")

    def test_blocking(self):
        self.check("O27", "O30")

    def test_datagrams(self):
        self.check("O32", "O34")

    def test_what_was_not_published_is_reported_and_not_judged(self):
        _, found = run("O6")
        self.assertEqual(found["O6"]["verdict"], "not_established")
        self.assertGreater(found["O6"]["measured"]["median"], 0)

    def test_what_is_known_from_memory_is_reported_and_not_judged(self):
        said, found = run("O31")
        self.assertEqual((found["O31"]["verdict"], found["O31"]["measured"]["n"], said.returncode), ("not_established", 4, 0))

    def test_an_unknown_name_is_refused(self):
        said, _ = run("O99")
        self.assertIn("there is no", said.stderr)
        self.assertNotEqual(said.returncode, 0)


if __name__ == "__main__":
    unittest.main()

"""What an experiment is, and what comes of it (shapes: docs/experiments.md)."""

import re
import statistics
from dataclasses import dataclass, field

AGREES, DIFFERS, OPEN = "agrees", "differs", "not_established"


@dataclass
class Published:
    """What was published: an interval in `unit`, who says so and how sure that is (READ, DATA, READ-2nd …). Without an
    interval nothing can be asserted, and the verdict is `not_established`."""
    low: float
    high: float
    unit: str
    source: str
    mark: str


@dataclass
class Cell:
    """A yes/no question: whether the behaviour set in. `expected` is None where nothing was published; `kbit_s` where a speed
    decided, at the receiving program."""
    label: str
    expected: bool
    found: bool
    note: str = ""
    kbit_s: float = None

    def holds(self):
        return self.expected is None or self.expected == self.found


@dataclass
class Outcome:
    """One run of one experiment under one book: the values that stand beside the published interval, claims that must hold
    besides, and what the figures are drawn from."""
    values: list = field(default_factory=list)
    claims: dict = field(default_factory=dict)
    cells: list = field(default_factory=list)
    rows: list = field(default_factory=list)     # for the CSV, the first one its head
    notes: str = ""
    free_parameters: dict = field(default_factory=dict)
    window_s: float = None
    at: str = "client, IP bytes"

    def as_published(self, published):
        """The verdict."""
        if published.low is None:
            return OPEN
        values = self.values or ([share(self.cells)] if self.cells else [])
        good = values and all(v is not None and published.low <= v <= published.high for v in values) and all(self.claims.values())
        return AGREES if good and all(cell.holds() for cell in self.cells) else DIFFERS

    def measured(self, unit):
        values = [v for v in (self.values or ([share(self.cells)] if self.cells else [])) if v is not None]
        summary = {"n": len(values), "median": None, "min": None, "max": None}
        if values:
            summary |= {"median": statistics.median(values), "min": min(values), "max": max(values)}
        return summary | {"unit": unit, "at": self.at, "window_s": self.window_s}


def share(cells):
    """How many of the cells with a published answer are as published."""
    asserted = [cell for cell in cells if cell.expected is not None]
    return sum(cell.holds() for cell in asserted) / len(asserted) if asserted else None


def number_of(name):
    """Sorts experiments in the order of the facts' list: O2, O10, O10b."""
    return int(re.search(r"\d+", name)[0]), name


ALL_CELLS = "share of cells as published"


@dataclass
class Negative:
    """The behaviour switched off in the book: `edits` are (regular expression, replacement) on its text."""
    title: str
    edits: list


@dataclass
class Experiment:
    """`run(bench)` measures under the book that is in force and returns an Outcome."""
    name: str       # O1 …
    title: str
    facts: list
    profile: str    # a book of rules/book/published, without .cfg
    published: Published
    run: object
    negative: Negative
    where: str = "lab"        # or "virtual": no namespaces, `slowlane replay`
    figure: object = None     # draws an Outcome: (outcome, path)
    explained: str = ""       # why it differs, where that is known

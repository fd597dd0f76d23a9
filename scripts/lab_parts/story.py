"""What the stories share: addresses for many lines, books that are pushed, claims, and a picture of rows of marks."""

import os
import sys

from . import boxes, figures

sys.path.insert(0, os.path.join(boxes.TOP, "scripts"))
import canvas  # noqa: E402

BOOKS = os.path.join(boxes.TOP, "rules/book/published")
GOOD, BAD, LIMIT = "#2a8a4a", "#c8102e", "#d9541e"
ROW, HEAD, FOOT, LABELS = 26, 78, 56, 250  # of a picture, in its units


def book(name):
    return os.path.join(BOOKS, f"{name}.cfg")


def write_book(lab, name, text):
    path = lab.path(f"{name}.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def give_addresses(lab, place, addresses):
    """More addresses for the client or the server, whose networks reach the other through the box."""
    lab.ip(place, *(f"address add {address}/24 dev wire" for address in addresses))


def finish(order, name, heads, rows, found):
    """Writes table and figures; True where every claim in `found` holds."""
    claims = found["claims"]
    said = "\n".join(f"{'yes' if so else 'NO '}  {claim}" for claim, so in claims.items())
    figures.keep(order, name, found, figures.table(heads, rows) + "\n\n" + said)
    return all(claims.values())


class Rows:
    """A picture of labelled rows over one axis from 0 to `top`: bars, dots, crosses and a dashed limit."""

    def __init__(self, title, labels, top, unit):
        self.labels = labels
        self.svg = canvas.Svg(canvas.WIDTH, HEAD + ROW * len(labels) + FOOT)
        self.bottom = HEAD + ROW * len(labels)
        self.steps = canvas.ticks(top)
        self.svg.text(24, 30, title, size=17, weight="bold")
        for step in self.steps:
            self.svg.line(self.x(step), HEAD - 6, self.x(step), self.bottom, canvas.GRID)
            self.svg.text(self.x(step), self.bottom + 19, canvas.number(step), "middle", 12, canvas.GREY)
        self.svg.text((LABELS + canvas.WIDTH) / 2, self.bottom + 42, unit, "middle", 13, canvas.GREY)
        for number, label in enumerate(labels):
            self.svg.text(LABELS - 10, self.y(number) + 4, label, "end", 13)

    def x(self, value):
        return LABELS + (canvas.WIDTH - canvas.RIGHT - LABELS) * min(value, self.steps[-1]) / self.steps[-1]

    def y(self, row):
        return HEAD + ROW * row + ROW / 2

    def bar(self, row, begin, end, colour, part=0, parts=1):
        """From one value to another; where a row has several, this is one of them."""
        height = (ROW - 8) / parts
        y = HEAD + ROW * row + 4 + part * height
        self.svg.add(f'<rect x="{self.x(begin):.1f}" y="{y:.1f}" width="{max(self.x(end) - self.x(begin), 1):.1f}" '
                     f'height="{height:.1f}" fill="{colour}"/>')

    def mark(self, row, value, good):
        if good:
            self.svg.add(f'<circle cx="{self.x(value):.1f}" cy="{self.y(row):.1f}" r="4" fill="{GOOD}"/>')
        else:
            canvas.cross(self.svg, self.x(value), self.y(row), 4, BAD)

    def limit(self, row, value):
        self.svg.line(self.x(value), HEAD + ROW * row, self.x(value), HEAD + ROW * (row + 1), LIMIT, 2, "6 4")

    def write(self, path, entries):
        """`entries` of the legend: (kind, colour, text)."""
        canvas.legend(self.svg, 56, entries)
        canvas.write(self.svg.document(), path)

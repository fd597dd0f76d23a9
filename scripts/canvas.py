"""What scripts/plot draws on: an SVG document, panels with axes, a legend; and the file it becomes."""

import math
import os
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

INK, GREY, GRID = '#222222', '#666666', '#e4e4e4'
WIDTH, LEFT, RIGHT = 960, 92, 24


def fail(text):
    sys.exit(f'plot: {text}')


def scaled(top, units):
    """Divisor and unit that make numbers up to `top` short."""
    step = 0
    while top >= 1000 and step + 1 < len(units):
        top, step = top / 1000, step + 1
    return 1000**step, units[step]


def ticks(top, wanted=5):
    """Round numbers from 0 up to at least `top`."""
    if top <= 0:
        return [0, 1]
    raw = top / wanted
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    return [i * step for i in range(int(math.ceil(top / step - 1e-9)) + 1)]


def number(value):
    return f'{value:.6g}'


class Svg:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.parts = []

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, text, anchor='start', size=13, colour=INK, weight='normal', turn=None):
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn is not None else ''
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
                 f'font-weight="{weight}"{turned}>{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour, width=1.0, dash=None):
        dashes = f' stroke-dasharray="{dash}"' if dash else ''
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                 f'stroke-width="{width}"{dashes}/>')

    def path(self, points, colour, width=1.5, fill='none', opacity=1.0):
        steps = ' '.join(f'{"M" if i == 0 else "L"}{x:.1f} {y:.1f}' for i, (x, y) in enumerate(points))
        self.add(f'<path d="{steps}" fill="{fill}" fill-opacity="{opacity}" stroke="{colour}" stroke-width="{width}" '
                 f'stroke-linejoin="round"/>')

    def document(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                f'viewBox="0 0 {self.width} {self.height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                f'<rect width="{self.width}" height="{self.height}" fill="white"/>\n' + '\n'.join(self.parts) +
                '\n</svg>\n')


class Panel:
    """Axes: `x` runs from 0 to `x_top` in the unit drawn, `y` from 0 to the last tick."""

    def __init__(self, svg, top, height, x_ticks, x_top, y_ticks):
        self.svg, self.top, self.bottom = svg, top, top + height
        self.x_top = x_top or 1
        self.y_top = y_ticks[-1]
        for value in y_ticks:
            svg.line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), GRID)
            svg.text(LEFT - 8, self.y(value) + 4, number(value), 'end', 12, GREY)
        for value in x_ticks:
            if value <= self.x_top * 1.0001:
                svg.line(self.x(value), self.bottom, self.x(value), self.bottom + 5, GREY)
                svg.text(self.x(value), self.bottom + 19, number(value), 'middle', 12, GREY)
        svg.line(LEFT, self.bottom, WIDTH - RIGHT, self.bottom, GREY)

    def x(self, value):
        return LEFT + (WIDTH - RIGHT - LEFT) * value / self.x_top

    def y(self, value):
        return self.bottom - (self.bottom - self.top) * value / self.y_top


def legend(svg, y, entries):
    """entries: (kind, colour, text), from the right edge to the left."""
    x = WIDTH - RIGHT
    for kind, colour, text in reversed(entries):
        x -= 7.3 * len(text)
        svg.text(x, y + 4, text, size=12, colour=GREY)
        x -= 30
        if kind == 'area':
            svg.add(f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="24" height="12" fill="{colour}"/>')
        elif kind == 'cross':
            cross(svg, x + 12, y, 4, colour)
        else:
            svg.line(x, y, x + 24, y, colour, 2.5 if kind == 'line' else 2, '6 4' if kind == 'dash' else None)
        x -= 16


def cross(svg, x, y, size, colour, width=1.6):
    svg.add(f'<path d="M{x - size:.1f} {y - size:.1f}L{x + size:.1f} {y + size:.1f}M{x - size:.1f} {y + size:.1f}'
            f'L{x + size:.1f} {y - size:.1f}" stroke="{colour}" stroke-width="{width}"/>')


def to_png(document, out):
    with tempfile.NamedTemporaryFile('w', suffix='.svg') as svg:
        svg.write(document)
        svg.flush()
        if shutil.which('rsvg-convert'):
            command = ['rsvg-convert', '-w', str(2 * WIDTH), '-o', out, svg.name]
        elif shutil.which('convert'):
            command = ['convert', '-density', '192', svg.name, out]
        else:
            fail('a .png needs rsvg-convert (librsvg2-bin) or ImageMagick; write an .svg instead')
        if subprocess.run(command).returncode != 0:
            fail(f'{command[0]} could not draw {out}')


def write(document, out):
    if out.endswith('.png'):
        to_png(document, out)
    elif out == '-':
        sys.stdout.write(document)
    else:
        aside = f'{out}.{os.getpid()}.part'
        try:
            with open(aside, 'w') as file:
                file.write(document)
            os.replace(aside, out)
        except OSError as error:
            fail(f'{out}: {error.strerror}')

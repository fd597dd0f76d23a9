"""Where an experiment runs: a lab with a box whose book changes, or nothing but `slowlane replay`."""

import contextlib
import csv
import hashlib
import os
import re
import shutil

from lab_parts import bench as lab_bench
from lab_parts import boxes, ground

from . import model, sessions, virtual

RTT_MS = 20
AT_ONCE = 8  # sessions that may be at full speed together


def flattened(path, depth=0):
    """A book with what it includes, as one text."""
    if depth > 10:
        raise ground.LabError(f"{path}: includes go round in a circle")
    with open(path, encoding="utf-8") as file:
        text = file.read()

    def included(found):
        name = os.path.join(os.path.dirname(path), found[1])
        if not os.path.isfile(name):
            line = text.count("\n", 0, found.start(1)) + 1
            raise ground.LabError(f'{path}:{line}: @include "{found[1]}": there is no such file; copy the book with what it includes, '
                                  "or take one that a run left in OUT/O1/positive/")
        return flattened(name, depth + 1)
    return re.sub(r'^\s*@include\s+"([^"]+)"\s*$', included, text, flags=re.M)


def edited(path, edits):
    """A book's text with edits; each must change something. What the book expects of itself is left out: it is of its own
    seed, and of its own settings."""
    text = re.sub(r"^expect *= *\(.*?\) *;", "", flattened(path), flags=re.S | re.M)
    for pattern, new in edits:
        changed = re.sub(pattern, new, text)
        if changed == text:
            raise ground.LabError(f"{path}: nothing there is like {pattern}")
        text = changed
    return text


@contextlib.contextmanager
def _standing(name, hops=1):
    with lab_bench.standing_lab(name, lab_bench.Wanted(box="none", rtt_ms=RTT_MS, hops=hops)) as lab:
        lab.ip("server", *(f"address add {address}/24 dev wire" for address in (sessions.SERVER, sessions.BLOCKED)))
        yield lab


class Bench:
    """What an experiment sees. Its lab is made when it is first asked for; each book is put in force by a new box, so that no
    flow of an earlier one is known."""

    def __init__(self, out, seed=1, keep_captures=False):
        self.out, self.seed, self.keep_captures = out, seed, keep_captures
        self.book, self.name, self.folder, self.digests = None, "", out, {}
        self.used = []  # books of the present experiment, as they were asked for
        self._lab = None
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *how):
        return self._stack.__exit__(*how)

    def use(self, experiment, variant, edits=(), profile=None):
        """From now on this book, and a folder of the experiment's own."""
        self.use_profile(experiment.name, profile or experiment.profile, variant, edits)

    def use_profile(self, name, profile, variant="", edits=()):
        self.name, self.folder = name, os.path.join(self.out, name, variant)
        os.makedirs(self.folder, exist_ok=True)
        self.used = []
        self.switch(profile, edits)

    def switch(self, profile, edits=()):
        """Another book for what follows within one experiment."""
        self.used.append(profile)
        self.book = self.path(f"{os.path.basename(profile).removesuffix('.cfg')}.cfg")
        text = edited(boxes.book_path(profile), edits)
        with open(self.book, "w", encoding="utf-8") as file:
            file.write(text)
        self.digests[f"{self.name} {os.path.basename(profile)}"] = hashlib.sha256(text.encode()).hexdigest()

    def tidy(self):
        """Large files go, unless somebody wants them."""
        for name in () if self.keep_captures else ("captures", "virtual"):
            shutil.rmtree(self.path(name), ignore_errors=True)

    @property
    def lab(self):
        if self._lab is None:
            self._lab = self._stack.enter_context(_standing(f"exp{os.getpid()}"))
        return self._lab

    @contextlib.contextmanager
    def box_behind(self, hops):
        """Meanwhile another lab, whose box stands behind so many routers."""
        kept = self._lab
        try:
            with _standing(f"exp{os.getpid()}h{hops}", hops) as self._lab:
                yield
        finally:
            self._lab = kept

    def box(self, book=None):
        """Puts a new box with the book in force into its place."""
        boxes.put(self.lab, "slowlane", book or self.book)

    def path(self, name):
        return os.path.join(self.folder, name)

    # --- ways to ask

    def play(self, wanted, capture=False):
        """Sessions over real TCP through a new box: {id: sessions.Result}. What is captured lies in `captures`, or in a folder
        there of the name that is given, where captures of several plays are kept."""
        self.box()
        folder = os.path.join(self.path("captures"), capture if isinstance(capture, str) else "")
        return sessions.play(self.lab, wanted, folder if capture else None)

    def cells(self, asked):
        """Sessions that end in a bulk step; was it slow? `asked`: (session, expected or None, note)."""
        results, out, odd = {}, [], []
        self.box()
        for begin in range(0, len(asked), AT_ONCE):
            results |= sessions.play(self.lab, [session for session, _, _ in asked[begin:begin + AT_ONCE]])
        for session, expected, note in asked:
            if not results[session["id"]].server["connected"]:
                raise ground.LabError(f"{session['id']}: TCP did not connect ({results[session['id']].client['error']})")
            speed = results[session["id"]].goodput()
            out.append(model.Cell(session["id"], expected, speed < sessions.SLOW, note, round(speed / 1e3, 1)))
            if sessions.SLOW <= speed < sessions.FAST:
                odd.append(f"{session['id']}: {speed / 1e3:.0f} kbit/s")
        return out, odd

    def replay(self, capture, *more, **how):
        """Sends a capture through the book in virtual time; returns the flows' records."""
        return virtual.replay(capture, self.book, self.path("virtual"), *more, seed=self.seed, **how)

    def fates(self, capture):
        """What becomes of each packet of a capture: rows of `slowlane replay --packets`."""
        path = self.path("packets.csv")
        self.replay(capture, "--packets", path)
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def acts_on(self, capture, session):
        """Whether something is done to a session that a capture has."""
        return virtual.treated(self.replay(capture))[session["local"]] is not None

    def decided(self, wanted):
        """What the box decides of sessions in virtual time: {id: class or None}."""
        return virtual.play(self.book, wanted, self.path("virtual"), seed=self.seed)

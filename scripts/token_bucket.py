"""Which token bucket explains what a flow lost? Two answers, both as a `Fit`:

`published` is the estimate of Flach et al. (SIGCOMM 2016; facts L4 and L5): the rate is the goodput between the first and
the last loss, tokens are counted from the first loss on and grow without end. It holds while the sender never pauses.

`capped` is ours, for senders that pause: a bucket that is full throws tokens away, so that the goodput lies below the
rate and the tokens of `published` run away. What a bucket *lacks* is a queue that each packet that passes lengthens by
its bytes and that drains at the rate, never below zero; a packet is lost where it would make the queue longer than the
bucket is deep. That takes no depth to compute: for one rate, the depth is the line that divides packets that passed from
packets that were lost, and the rate is the one at which a line divides them best. What divides them must then also pass
Flach's tests. Where no line does better than chance, `published` is not believed either.

What neither can see: the rate of a bucket that is full again before each burst of packets (no deeper than a packet or two,
or than the rate gives in a round trip), and pauses in a capture from the receiving end, which does not show when what
was lost was sent."""

import bisect
import statistics
from dataclasses import dataclass, replace

# Fact L5.
LEAST = 15                  # losses, and packets that pass between them
LATEST_FIRST_LOSS = 2 << 20  # bytes
LOSS_SLACK, LOSS_OUTSIDE = 2.0, 0.10   # round trips; share of losses that may lie outside
PASS_SLACK, PASS_OUTSIDE = 0.75, 0.03
LEAST_SLICES = 3            # round trips that hold a loss
TRIM = 2                    # losses cut off at each end for a second try
# Ours.
DIVIDED = 0.8               # how well the line must divide: right about losses and about passes, less one
DOUBTED = 0.25              # how well at least, for what was published to be believed
SURE = 0.99                 # divides so well that no other start need be tried
STARTS, START_RATIO = range(-1, 17), 1.2    # rates tried, as powers over the goodput: pauses up to 94 % of the time
ROUNDS = 2                  # of rate, depth, rate, …
NARROWING = 0.01, 0.002, 0.0004             # steps of the search around the best rate
SEARCHED = 4_000           # packets that the search looks at; the answer is tested on all


@dataclass
class Fit:
    """A bucket: bytes a second and bytes; `score` 0 to 1; `fits`: it passes the tests."""
    rate: float
    burst: float
    score: float
    fits: bool


@dataclass
class Window:
    """What the estimates look at: the packets from the first loss to the last, and what came before."""
    trace: object
    before: list
    events: list
    round_trip: float

    def seconds(self):
        return (self.events[-1].time - self.events[0].time) / 1e9

    def goodput(self):
        return sum(event.bytes for event in self.events if not event.lost) / self.seconds()

    def bytes_before(self):
        return sum(event.bytes for event in self.before if not event.lost)


def fit(trace):
    """The best answer for a trace; None: too few losses to say."""
    windows = [window for trim in (0, TRIM) if (window := _window(trace, trim))]
    if not windows:
        return None
    ours = capped(windows[0])
    if ours.fits:
        return ours
    theirs = max((published(window) for window in windows), key=lambda fit: (fit.fits, fit.score))
    # Two round trips of slack are more than a short window: where no depth divides better than chance, none explains.
    return theirs if ours.score >= DOUBTED else replace(theirs, score=min(ours.score, theirs.score), fits=False)


def _window(trace, trim):
    at_loss = [i for i, event in enumerate(trace.events) if event.lost]
    at_loss = at_loss[trim:len(at_loss) - trim] if trim else at_loss
    if len(at_loss) < LEAST:
        return None
    window = Window(trace, trace.events[:at_loss[0]], trace.events[at_loss[0]:at_loss[-1] + 1], _round_trip(trace))
    passes = sum(not event.lost for event in window.events)
    enough = passes >= LEAST and window.seconds() > 0 and _slices(window) >= LEAST_SLICES
    return window if enough else None


def _round_trip(trace):
    """Seconds by which the times of a trace are off from the bucket's. Where both sides were seen that is no round trip,
    but a live box whose processor was elsewhere looks at packets late: how unevenly long they were in it."""
    delays = sorted(event.delay for event in trace.events if event.delay is not None and not event.lost)
    if not delays:
        return 0.0
    if trace.exact:
        return (delays[int(len(delays) * 0.99)] - delays[int(len(delays) * 0.01)]) / 1e9
    return statistics.median(delays) / 1e9


def _slices(window):
    size = max(window.round_trip, 0.001)
    return len({int(event.time / 1e9 / size) for event in window.events if event.lost})


def _tested(window, rate, at_loss, at_pass):
    """Fact L5's tests of the tokens at each loss, and before and after each packet that passed: the smaller share of
    losses and passes that lie where they should, and whether all is as it should be."""
    # Packets are whole: a bucket that cannot pay for the next one may be anywhere below it.
    packet = max(event.bytes for event in window.events)
    loss_slack = max(LOSS_SLACK * window.round_trip * rate, packet)
    pass_slack = max(PASS_SLACK * window.round_trip * rate, packet)
    losses_inside = sum(abs(tokens) <= loss_slack for tokens in at_loss) / len(at_loss)
    passes_inside = sum(left >= -pass_slack for _, left in at_pass) / len(at_pass)
    had = [had for had, _ in at_pass]
    fits = (losses_inside >= 1 - LOSS_OUTSIDE and passes_inside >= 1 - PASS_OUTSIDE
            and statistics.fmean(at_loss) < statistics.fmean(had)
            and statistics.median(at_loss) < statistics.median(had)
            and window.bytes_before() <= LATEST_FIRST_LOSS)
    return min(losses_inside, passes_inside), fits


# --- as published

def published(window):
    rate = window.goodput()
    first = window.events[0]
    since = (first.time - window.trace.events[0].time) / 1e9
    # At the loss the bucket held less than the packet: half of one on average.
    burst = window.bytes_before() - rate * since + first.bytes / 2
    score, fits = _tested(window, rate, *_simulate(window.events, rate))
    return Fit(rate, max(burst, 0), score, fits)


def _simulate(events, rate):
    """Tokens at each loss, and before and after each packet that passed. Empty at the first loss."""
    tokens, last, at_loss, at_pass = 0.0, events[0].time, [], []
    for event in events:
        tokens += rate * (event.time - last) / 1e9
        last = event.time
        if event.lost:
            at_loss.append(tokens)
        else:
            at_pass.append((tokens, tokens - event.bytes))
            tokens -= event.bytes
    return at_loss, at_pass


# --- for senders that pause

def _steps(window):
    """Seconds since the packet before, bytes, and whether it was lost."""
    events = window.before + window.events
    return [((event.time - before.time) / 1e9, event.bytes, event.lost)
            for before, event in zip(events[:1] + events, events)]


def capped(window):
    steps = _steps(window)
    rate = _best_rate(_searched(steps), window.goodput())
    score, burst = _best_depth(steps, rate)
    at_loss, at_pass = [], []
    for (_, size, lost), lacking in list(zip(steps, _lacking(steps, rate, burst)[0]))[len(window.before):]:
        if lost:
            at_loss.append(burst - lacking)
        else:
            at_pass.append((burst - lacking, burst - lacking - size))
    inside, fits = _tested(window, rate, at_loss, at_pass)
    # One end does not show the moment of a loss well enough for a bucket that each packet empties.
    deep = window.trace.exact or burst >= 2 * max(event.bytes for event in window.events)
    return Fit(rate, burst, max(min(score, inside), 0.0), fits and deep and score >= DIVIDED)


def _searched(steps):
    """So much of a long trace as has losses enough for a search."""
    losses = [i for i, (_, _, lost) in enumerate(steps) if lost]
    return steps[:max(SEARCHED, losses[min(len(losses), 10 * LEAST) - 1] + 1)]


def _lacking(steps, rate, depth):
    """What the bucket lacks as each packet arrives, and how many bytes had to be put right. It is full at the start, and
    after each pause that is long enough; each packet also says something of it: one that passed was paid for, one that
    was lost was not. Without that a rate that is off by a per mille would be a packet off after a thousand."""
    lacking, levels, righted = 0.0, [], 0.0
    for gap, size, lost in steps:
        lacking -= gap * rate
        if lacking < 0.0:
            lacking = 0.0
        levels.append(lacking)
        if lost:
            if lacking < depth - size:
                righted += depth - size - lacking
                lacking = depth - size
        else:
            lacking += size
            if lacking > depth:
                righted += lacking - depth
                lacking = depth
    return levels, righted


def _divide(steps, rate, depth):
    """How well a depth divides lost packets from others: Youden's index (1 is without a mistake, 0 is chance) less the
    share of the bytes that had to be put right. And which depth would divide them best."""
    levels, righted = _lacking(steps, rate, depth)
    index, line = _line(steps, levels)
    return index - righted / sum(size for _, size, lost in steps if not lost), line


def _line(steps, levels):
    lost = sorted(lacking + size for (_, size, lost), lacking in zip(steps, levels) if lost)
    passed = sorted(lacking + size for (_, size, lost), lacking in zip(steps, levels) if not lost)
    best, line = -1.0, 0.0
    for i, need in enumerate(lost):
        below = bisect.bisect_left(passed, need)
        index = below / len(passed) - i / len(lost)
        if index > best:
            best, line = index, (need + passed[below - 1]) / 2 if below else need
    return best, line


def _best_depth(steps, rate):
    """The index and the depth that a rate leads to: from what passed before losses, and, for a bucket so small that it
    is often full, from where nothing is put right."""
    best, line = -2.0, 0.0
    for start in _depth(steps, rate), _free_depth(steps, rate):
        for _ in range(ROUNDS):
            index, moved = _divide(steps, rate, start)
            if index > best:
                best, line = index, start
            start = moved
    return best, line


def _free_depth(steps, rate):
    unbounded = [(gap, 0 if lost else size, False) for gap, size, lost in steps]
    levels, _ = _lacking(unbounded, rate, float("inf"))
    return _line(steps, levels)[1]


def _best_rate(steps, goodput):
    """A bucket that never filled up shows its rate between any two losses; one that is small fills up all the time, and
    only trying tells. So each start is tried itself and as what it leads to."""
    best, rate = -2.0, goodput
    for power in STARTS:
        tried = goodput * START_RATIO ** power
        for _ in range(ROUNDS):
            index, _ = _best_depth(steps, tried)
            if index > best:
                best, rate = index, tried
            tried = _rate_between_losses(steps, tried)
        if best >= SURE:
            break
    for step in NARROWING if best >= DOUBTED else ():
        around = [rate * (1 + i * step) for i in range(-5, 6)]
        index = [_best_depth(steps, one)[0] for one in around]
        rate = statistics.median(one for one, its in zip(around, index) if its >= max(index) - 1e-9)
    return rate


def _rate_between_losses(steps, rate):
    """The goodput between losses between which a bucket of this rate did not fill up."""
    depth = _depth(steps, rate)
    lacking, size_sum, time_sum = None, 0, 0.0
    passed, time, filled = 0, 0.0, False
    for gap, size, lost in steps:
        if lacking is not None:
            time += gap
            lacking -= gap * rate
            filled = filled or lacking <= 0
        if lost:
            if lacking is not None and not filled:
                size_sum, time_sum = size_sum + passed, time_sum + time
            lacking, passed, time, filled = depth, 0, 0.0, False
        elif lacking is not None:
            lacking = max(lacking, 0.0) + size
            passed += size
    return size_sum / time_sum if size_sum and time_sum else rate


def _depth(steps, rate):
    """The most that passed from anywhere up to the next loss beyond what the rate gave in that time."""
    lacking, depth = 0.0, 0.0
    for gap, size, lost in steps:
        lacking = max(lacking - gap * rate, 0.0)
        if lost:
            depth, lacking = max(depth, lacking + size / 2), 0.0
        else:
            lacking += size
    return depth

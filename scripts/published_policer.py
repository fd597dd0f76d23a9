"""The policing detector of Flach et al. (SIGCOMM 2016; facts L4 and L5) by its published rules alone, so that its figures
stand beside the published ones (fact L6). Nothing of ours is in it: scripts/token_bucket.py has that.

It asks of one TCP transfer, seen at its sender: is there a token bucket whose rate is the goodput between the first and
the last loss, and that was empty at every loss and not at any pass? Two windows are tried, from the first loss to the
last and without two losses at each end; one that fits is enough (with both, the published runs over random loss would
have no false alarm at all, and they have 0.3 %).

As published, tokens and rate count payload; the answer gives the rate in IP bytes, as all of our detectors do."""

import bisect
import statistics
from dataclasses import dataclass

LEAST = 15                      # losses, and passes
LEAST_SLICES = 3                # round trips that hold a loss
LATEST_FIRST_LOSS = 2_000_000   # bytes into the transfer
LOSS_SLACK, LOSS_OUTSIDE = 2.0, 0.10   # round trips of tokens; share of the losses that may lie outside
PASS_SLACK, PASS_OUTSIDE = 0.75, 0.03
INFLATED, INFLATED_OUTSIDE = 1.3, 0.20  # over the tenth percentile of round trips; share of the losses after such a one
LEAST_INFLATED_NS = 20_000_000
TRIMS = 0, 2


@dataclass
class Finding:
    """What one window says: why it is no policer (None: it is one), bytes a second and bytes, of payload, and what the
    rate in IP bytes is to it; `score` is the smaller share of losses and passes that lie where they should."""
    why: str
    rate: float = 0.0
    burst: float = 0.0
    score: float = 0.0
    wrapping: float = 1.0


def judge(trace):
    """The detector's answer for one trace."""
    losses = trace.losses()
    found = max((_window(trace, trim) for trim in TRIMS), key=lambda finding: (finding.why is None, finding.score))
    answer = {"verdict": "policed", "rate_bps": None, "burst_bytes": None, "score": round(found.score, 4), "flow": trace.name,
              "packets": len(trace.events), "lost_packets": losses, "why_not": found.why}
    if found.why is None:
        return answer | {"rate_bps": round(found.rate * found.wrapping * 8), "burst_bytes": round(found.burst * found.wrapping)}
    if losses == 0:
        return answer | {"verdict": "none"}
    return answer | {"verdict": "inconclusive" if found.why in ("too few losses", "late first loss") else "lossy"}


def _payload(event):
    return event.end - event.start


def _window(trace, trim):
    """The rules for the losses from number `trim` on to the same number from behind."""
    at_loss = [i for i, event in enumerate(trace.events) if event.lost]
    at_loss = at_loss[trim:len(at_loss) - trim]
    if len(at_loss) < 2 or trace.events[at_loss[-1]].time == trace.events[at_loss[0]].time:
        return Finding("too few losses")
    first, last = trace.events[at_loss[0]], trace.events[at_loss[-1]]
    if first.start > LATEST_FIRST_LOSS:
        return Finding("late first loss")
    passed = [event for event in trace.events[at_loss[0]:at_loss[-1]] if not event.lost]
    size = sum(map(_payload, passed))
    if not size:
        return Finding("too few losses")
    rate = size / (last.time - first.time) * 1e9
    delays = [event.delay for event in trace.events if event.delay is not None and not event.lost]
    trip = statistics.median(delays) if delays else 0
    burst = sum(_payload(event) for event in trace.events[:_first_loss(trace)])
    found = Finding(None, rate, burst, 0.0, sum(event.bytes for event in passed) / size)
    before = first.start - rate * (first.time - trace.events[0].time) / 1e9
    if before < -PASS_SLACK * trip / 1e9 * rate:
        found.why = "more than the rate before the first loss"
        return found
    return _tested(found, trace, trace.events[at_loss[0]:], trip)


def _first_loss(trace):
    return next(i for i, event in enumerate(trace.events) if event.lost)


def _tested(found, trace, events, trip):
    """The tests of the tokens, and of the round trips before losses."""
    at_loss, at_pass = _simulate(events, found.rate)
    if len(at_loss) < LEAST or len(at_pass) < LEAST or _slices(events, trip) < LEAST_SLICES:
        found.why = "too few losses"
        return found
    middle, slack = statistics.median(at_loss), trip / 1e9 * found.rate
    outside_loss = sum(abs(tokens - middle) > LOSS_SLACK * slack for tokens in at_loss) / len(at_loss)
    outside_pass = sum(tokens - middle < -PASS_SLACK * slack for tokens in at_pass) / len(at_pass)
    if statistics.fmean(at_loss) >= statistics.fmean(at_pass) or middle >= statistics.median(at_pass):
        found.why = "not fewer tokens at losses"
        return found
    found.score = 1 - max(outside_loss, outside_pass)
    if outside_loss > LOSS_OUTSIDE:
        found.why = "tokens at losses"
    elif outside_pass > PASS_OUTSIDE:
        found.why = "no tokens at passes"
    elif (inflated := _inflated(trace, events[0])) > INFLATED_OUTSIDE:
        found.why, found.score = "round trips grow before losses", min(found.score, 1 - inflated)
    return found


def _simulate(events, rate):
    """Tokens before each lost packet, and before each that passed; none at the first loss."""
    used, at_loss, at_pass = 0, [], []
    for event in events:
        tokens = rate * (event.time - events[0].time) / 1e9 - used
        if event.lost:
            at_loss.append(tokens)
        else:
            at_pass.append(tokens)
            used += _payload(event)
    return at_loss, at_pass


def _slices(events, trip):
    """Round trips, one behind the other, each of which a loss begins."""
    count, end = 1, events[0].time + trip
    for event in events:
        if event.lost and event.time > end:
            count, end = count + 1, event.time + trip
    return count


def _inflated(trace, first):
    """The share of the losses from the first on before which the round trip was long: the last but one that was known
    lies over the median, over 1.3 of the tenth percentile, and over 20 ms."""
    ordered, delays, inflated, losses, begun = [], [], 0, 0, False
    for event in trace.events:
        begun = begun or event is first
        if event.lost and begun:
            losses += 1
            if len(delays) > 1:
                floor = max(ordered[len(ordered) // 2], LEAST_INFLATED_NS)
                inflated += delays[-2] >= floor and delays[-2] > INFLATED * ordered[len(ordered) // 10]
        elif not event.lost and event.delay is not None:
            delays.append(event.delay)
            bisect.insort(ordered, event.delay)
    return inflated / losses if losses else 0.0

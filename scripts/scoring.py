"""How good a detector's answers are: confusion matrix, error rates with their intervals, error of rates, ROC."""

import math
import statistics
from collections import Counter

Z = 1.959964  # of a normal distribution: 95 % lie within so many deviations of the middle


def wilson(hits, tries):
    """The 95 % interval of a share (Wilson's): low, high; None where nothing was tried."""
    if tries == 0:
        return None
    share, spread = hits / tries, Z * Z / tries
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / tries + spread / tries / 4) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def share_of(hits, tries):
    """A share as figures: hits, of, share, low, high."""
    low, high = wilson(hits, tries) or (None, None)
    return {"hits": hits, "of": tries, "share": hits / tries if tries else None, "low": low, "high": high}


def score(results, positive, says):
    """The figures of a list of (kind, truth line, answer). Flows with a label in `positive` and no cause are what the
    detector is to find; it says so by a verdict in `says`. Inconclusive answers are not found, and counted apart."""
    judged = [(kind, truth, answer, _is_positive(truth, positive), answer["verdict"] in says) for kind, truth, answer in results]
    found = [[said for _, _, _, is_positive, said in judged if is_positive == wanted] for wanted in (True, False)]
    return {"flows": len(judged), "positive": sorted(positive), "says": sorted(says), "confusion": confusion(results),
            "true_positive_rate": share_of(sum(found[0]), len(found[0])),
            "false_positive_rate": share_of(sum(found[1]), len(found[1])),
            "inconclusive": sum(answer["verdict"] == "inconclusive" for _, _, answer in results),
            "failed": sum(answer["verdict"] == "failed" for _, _, answer in results),
            "by_kind": by(judged, lambda kind, truth: kind),
            "rate_error": rate_error([(truth, answer) for _, truth, answer, is_positive, said in judged if is_positive and said]),
            "area_under_roc": area_under(roc([(is_positive, answer) for _, _, answer, is_positive, _ in judged]))}


def _is_positive(truth, positive):
    return truth["label"] in positive and not truth["cause"]


def confusion(results):
    """How often each kind was answered how: {kind: {verdict: count}}."""
    counts = {}
    for kind, _, answer in results:
        counts.setdefault(kind, Counter())[answer["verdict"]] += 1
    return {kind: dict(sorted(counts[kind].items())) for kind in sorted(counts)}


def by(judged, key):
    """The share that was called positive, for each value of a key of kind and truth line."""
    groups = {}
    for kind, truth, _, _, said in judged:
        groups.setdefault(key(kind, truth), []).append(said)
    return {str(group): share_of(sum(groups[group]), len(groups[group])) for group in sorted(groups, key=str)}


def split(results, says, key):
    """For `--by KEY`: the share called positive by kind and value; rates and sizes are put into bins of a factor of 2."""
    judged = [(kind, truth, answer, None, answer["verdict"] in says) for kind, truth, answer in results]
    return by(judged, lambda kind, truth: f"{kind}, {key} {_bin(key, truth.get(key))}")


def _bin(key, value):
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0 or key.endswith("_ms"):
        return value
    low = 2 ** math.floor(math.log2(value / 1000))
    return f"{low:g}k to {2 * low:g}k"


def rate_error(found):
    """Of the true positives that name a rate: how far it is from the book's, as shares of it."""
    errors = [abs(answer["rate_bps"] / truth["rate_bps"] - 1) for truth, answer in found if answer.get("rate_bps") and truth["rate_bps"]]
    if not errors:
        return None
    return {"of": len(errors), "median": statistics.median(errors), "p90": sorted(errors)[min(int(len(errors) * 0.9), len(errors) - 1)]}


def roc(pairs):
    """Points (threshold, false positive rate, true positive rate) of (is positive, answer): positive is what scores at
    least the threshold. Empty where one of the two is missing."""
    scored = sorted(((answer.get("score") or 0.0, is_positive) for is_positive, answer in pairs), reverse=True)
    positives = sum(is_positive for _, is_positive in scored)
    negatives = len(scored) - positives
    if not positives or not negatives:
        return []
    points, hits, alarms = [(math.inf, 0.0, 0.0)], 0, 0
    for i, (value, is_positive) in enumerate(scored):
        hits, alarms = hits + is_positive, alarms + (not is_positive)
        if i + 1 == len(scored) or scored[i + 1][0] != value:
            points.append((value, alarms / negatives, hits / positives))
    return points


def area_under(points):
    """1 is without a mistake, 0.5 is chance; None where there is no curve."""
    if not points:
        return None
    return sum((right[1] - left[1]) * (right[2] + left[2]) / 2 for left, right in zip(points, points[1:]))

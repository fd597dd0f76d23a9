"""What the lab tests share: the lab's own modules, and a lab for each test class that is gone afterwards."""

import os
import sys
import tempfile
import time
import unittest

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "scripts"))
from lab_parts import bench, ground, steal  # noqa: E402

SKIPPED = 77
TRIES, REST = 2, 15  # of a test that failed while processors were stolen; seconds between them


def name(role="test"):
    """A lab's name that no other process uses."""
    return f"slt{os.getpid()}-{role}"


def main(wanted):
    """Runs the module's tests, or ends as skipped, with the reason, where such a lab cannot be made."""
    if reason := bench.missing(wanted):
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    ground.clean_up_when_told_to_end()
    unittest.main()


class TimedTest(unittest.TestCase):
    """One that fails while a virtual machine's host takes its processors away is tried again. What fails so each time says
    nothing of the box: it is skipped, and that is said. A failure with all processors there is one at once."""

    def run(self, result=None):
        for left in reversed(range(TRIES)):
            known = wrong_of(result)
            with steal.Watched() as machine:
                super().run(result)
            if wrong_of(result) == known or not (unfit := machine.why_unfit()):
                return result
            reason = f"{self.id()}: {unfit}"
            forget(result, known)
            if left:
                print(f"once more: {reason}", flush=True)
                time.sleep(REST)
        print(f"skipped: not measurable: {reason}", flush=True)
        result.addSkip(self, reason)
        return result


class LabTest(TimedTest):
    """`lab`: a lab as `wanted`; `folder`: for captures. Both for the whole class."""
    wanted = bench.Wanted(box="bridge")

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.lab = cls.enterClassContext(bench.standing_lab(name(), cls.wanted))


def wrong_of(result):
    """How many failures and errors there are."""
    return len(result.failures), len(result.errors)


def forget(result, known):
    """Those that came later than wrong_of() said `known`, and say what they were."""
    for found, count in zip((result.failures, result.errors), known):
        for test, trace in found[count:]:
            print(f"{test}\n{trace}", flush=True)
        del found[count:]

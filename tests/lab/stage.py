"""What the lab tests share: the lab's own modules, and a lab for each test class that is gone afterwards."""

import os
import sys
import tempfile
import unittest

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "scripts"))
from lab_parts import bench, ground  # noqa: E402

SKIPPED = 77


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


class LabTest(unittest.TestCase):
    """`lab`: a lab as `wanted`; `folder`: for captures. Both for the whole class."""
    wanted = bench.Wanted(box="bridge")

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.lab = cls.enterClassContext(bench.standing_lab(name(), cls.wanted))

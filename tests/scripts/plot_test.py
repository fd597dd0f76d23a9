"""scripts/plot draws what a replay wrote, and refuses what it cannot write or read."""

import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SLOWLANE = os.environ.get("SLOWLANE", os.path.join(TOP, "build/dev/slowlane"))


def plot(*words):
    return subprocess.run([sys.executable, os.path.join(TOP, "scripts/plot"), *words], capture_output=True, text=True, check=False)


class Plot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.series, cls.packets = (os.path.join(cls.folder, name) for name in ("series.csv", "packets.csv"))
        subprocess.run([SLOWLANE, "replay", os.path.join(TOP, "tests/golden/demo.pcapng"), "--book", os.path.join(TOP, "rules/book/demo.cfg"),
                        "--series", cls.series, "--packets", cls.packets], check=True, capture_output=True)

    def test_series_and_packets_become_pictures(self):
        for source in self.series, self.packets:
            out = os.path.join(self.folder, "out.svg")
            self.assertEqual(plot(source, "-o", out).returncode, 0)
            self.assertGreater(len(list(xml.etree.ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}path"))), 0, source)
            os.remove(out)

    def test_another_ending_is_refused_before_anything_is_written(self):
        out = os.path.join(self.folder, "out.pdf")
        said = plot(self.series, "-o", out)
        self.assertEqual((said.returncode, os.path.exists(out)), (2, False))
        self.assertIn("only .svg, .png", said.stderr)

    def test_a_file_of_something_else_is_refused(self):
        self.assertNotEqual(plot(os.path.join(TOP, "README.md"), "-o", os.path.join(self.folder, "out.svg")).returncode, 0)


if __name__ == "__main__":
    unittest.main()

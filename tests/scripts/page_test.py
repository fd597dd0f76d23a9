"""The page's build without npm, and without a page: it goes on, and says so."""

import os
import subprocess
import sys
import tempfile
import unittest

from box_case import TOP

BUILD = os.path.join(TOP, "control/page/build.py")


class Page(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.out = os.path.join(self.folder, "page_assets.cc")

    def build(self, mode):
        """Where no program is found, npm for one."""
        return subprocess.run([sys.executable, BUILD, "--mode", mode, "--work", os.path.join(self.folder, "work"), "--out", self.out],
                              capture_output=True, text=True, check=False, env={"PATH": self.folder})

    def has_no_page(self):
        with open(self.out, encoding="utf-8") as file:
            self.assertIn("page_assets() { return {}; }", file.read())
        subprocess.run(["c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{TOP}", self.out], check=True)

    def test_off_needs_nothing_and_says_nothing(self):
        made = self.build("OFF")
        self.assertEqual((made.returncode, made.stdout + made.stderr), (0, ""))
        self.has_no_page()

    def test_auto_does_without_and_says_so(self):
        made = self.build("AUTO")
        self.assertEqual(made.returncode, 0)
        self.assertIn("slowlane is built without its page", made.stderr)
        self.has_no_page()

    def test_on_insists(self):
        made = self.build("ON")
        self.assertEqual(made.returncode, 1)
        self.assertIn("the page could not be built", made.stderr)
        self.assertFalse(os.path.exists(self.out))


if __name__ == "__main__":
    unittest.main()

"""Hugepages: used where there are enough; where they are exhausted, a box that requires them says how many there are and
what to do, and one that does not goes on without."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import boxes, ground  # noqa: E402

PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
APPLIANCE = '''appliance = "pages";
bench   = true;
ports   = ( { name = "in"; kind = "null"; }, { name = "out"; kind = "null"; } );
wires   = ( { name = "w0"; inside = "in"; outside = "out"; inside_prefixes = ["192.0.2.0/24"]; } );
flows   = { capacity = 1024; };
memory  = { hugepages = "MODE"; };
control = { socket = "FOLDER/NAME.sock"; view_socket = "FOLDER/NAME-view.sock"; };
book    = "FOLDER/book.cfg";
'''


def pages(count=None):
    """How many there are; makes so many where told to."""
    if count is not None:
        with open(PAGES, "w", encoding="ascii") as file:
            file.write(str(count))
    with open(PAGES, encoding="ascii") as file:
        return int(file.read())


class Hugepages(stage.TimedTest):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.addCleanup(pages, pages())
        with open(os.path.join(self.folder, "book.cfg"), "w", encoding="utf-8") as file:
            file.write('book = "pages"; classes = (); rules = ();')

    def appliance(self, name, mode):
        path = os.path.join(self.folder, f"{name}.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(APPLIANCE.replace("MODE", mode).replace("NAME", name).replace("FOLDER", self.folder))
        return path

    @contextlib.contextmanager
    def box(self, name, mode):
        """A box that runs meanwhile; what its status says."""
        with subprocess.Popen([boxes.binary(), "run", self.appliance(name, mode)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            try:
                for line in process.stderr:
                    if "forwards" in line:
                        break
                yield self.status(name)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=20)

    def status(self, name):
        answer = subprocess.run([boxes.binary(), "ctl", "--socket", os.path.join(self.folder, f"{name}.sock"), "--json", "status"],
                                capture_output=True, text=True, check=True, timeout=10)
        return json.loads(answer.stdout)

    def refused(self, name):
        """What a box says that requires hugepages and does not get them."""
        made = subprocess.run([boxes.binary(), "run", self.appliance(name, "require")], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual(made.returncode, 3)
        return made.stderr

    def test_a_box_without_any_says_so_or_goes_on_without(self):
        pages(0)
        self.assertRegex(self.refused("needs"), r"hugepages are required, and of \d+ MiB 0 are free: sysctl vm\.nr_hugepages=\d+")
        with self.box("takes", "auto") as status:
            self.assertFalse(status["hugepages"])

    def test_the_second_box_finds_them_exhausted_and_the_first_goes_on(self):
        pages(0)
        needed = int(self.refused("first").rsplit("=", 1)[1])
        if pages(needed + needed // 2) < needed + needed // 2:
            self.skipTest("this machine's memory is too scattered for hugepages")
        with self.box("first", "require") as first:
            self.assertTrue(first["hugepages"])
            self.assertRegex(self.refused("second"), r"hugepages are required, and of \d+ MiB \d+ are free")
            with self.box("third", "auto") as third:
                self.assertFalse(third["hugepages"])
            time.sleep(0.1)
            self.assertEqual(self.status("first")["state"], "running")


if __name__ == "__main__":
    reason = ground.need()
    if not reason:
        try:
            pages(pages())
        except OSError as error:
            reason = f"hugepages cannot be made here: {error}"
    if reason:
        print(f"skipped: {reason}")
        sys.exit(stage.SKIPPED)
    ground.clean_up_when_told_to_end()
    unittest.main()

"""The Debian package: what is in it, that its binary runs from where it is put, and that its unit is whole. Installing,
starting and removing it in a Debian root of its own is told in docs/appliance.md."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.dirname(os.environ["SLOWLANE"])
SKIPPED = 77
SCRIPTS = "postinst", "prerm", "postrm"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, **options).stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        run("cpack", "-G", "DEB", "-B", cls.folder, cwd=BUILD)
        cls.package = next(os.path.join(cls.folder, name) for name in os.listdir(cls.folder) if name.endswith(".deb"))
        cls.root = os.path.join(cls.folder, "root")
        run("dpkg-deb", "-R", cls.package, cls.root)
        cls.unit = os.path.join(cls.root, "usr/lib/systemd/system/slowlane.service")

    def test_it_names_the_libraries_that_nothing_links(self):
        fields = run("dpkg-deb", "-f", self.package, "Depends")
        for library in "libhyperscan", "libndpi", "librte-eal", "librte-meta-mempool", "librte-meta-bus", "adduser":
            self.assertIn(library, fields)

    def test_its_files_are_where_the_unit_and_the_manual_look_for_them(self):
        with open(self.unit, encoding="utf-8") as file:
            program = re.search(r"^ExecStart=(\S+)", file.read(), re.M)[1]
        self.assertRegex(run(self.root + program, "--version"), r"slowlane \d")
        for path in "share/slowlane/schemas/flow.schema.json", "share/doc/slowlane/docs/appliance.md", "sbin/slowlane-bind-nics":
            self.assertTrue(os.path.isfile(os.path.join(self.root, "usr", path)), path)
        books = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(self.root, "usr/share/doc/slowlane/examples/book"))
                 for name in names if name.endswith(".cfg")]
        self.assertIn("twitter-2021-03-10.cfg", map(os.path.basename, books))
        for book in sorted(books):
            run(self.root + program, "check", "-q", book)

    def test_its_scripts_are_sound(self):
        for name in SCRIPTS:
            path = os.path.join(self.root, "DEBIAN", name)
            self.assertTrue(os.access(path, os.X_OK), name)
            run("sh", "-n", path)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_unit_is_whole_and_lets_the_process_do_little(self):
        shown = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={self.root}", "/usr/lib/systemd/system/slowlane.service"],
                               capture_output=True, text=True, check=False, timeout=60)
        self.assertNotRegex(shown.stdout + shown.stderr, r"slowlane\.service:\d+:|Unknown|slowlane is not executable")
        said = run("systemd-analyze", "security", "--offline=true", self.unit)
        exposure = float(re.search(r"exposure level for slowlane\.service: ([0-9.]+)", said)[1])
        self.assertLessEqual(exposure, 2.5)


if __name__ == "__main__":
    if not all(shutil.which(program) for program in ("cpack", "dpkg-deb", "dpkg-shlibdeps")):
        print("skipped: cpack, dpkg-deb or dpkg-shlibdeps is not installed")
        sys.exit(SKIPPED)
    unittest.main()

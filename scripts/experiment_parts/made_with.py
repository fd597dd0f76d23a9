"""What a run was made with, for its records."""

import os
import platform
import shlex
import subprocess
import sys

from lab_parts import boxes


def commit():
    """The checkout's; empty outside of one."""
    return _said("git", "rev-parse", "HEAD")


def versions():
    """slowlane's own lines: its version, and those of its libraries."""
    return _said(boxes.binary(), "--version").splitlines()


def kernel():
    return platform.release().split("-")[0]


def run():
    """All of it that the record of every run tells."""
    return {"commit": commit() or None, "kernel": kernel(), "versions": versions()}


def command():
    """That of this process, to be given again from the checkout."""
    return shlex.join([os.path.join("scripts", os.path.basename(sys.argv[0])), *sys.argv[1:]])


def _said(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=boxes.TOP).stdout.strip()

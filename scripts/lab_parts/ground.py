"""The ground a lab stands on: the namespaces and processes it made, written down as they are made, so that `scripts/lab
down` removes them all, after a crash too, and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

RUN = "/run/slowlane-lab"
OFFLOADS = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")


class LabError(Exception):
    """What keeps the lab from running, in one sentence."""


def clean_up_when_told_to_end():
    """SIGTERM ends this process as an error does, so that what it made is removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def need(*programs):
    """None, or why a lab that uses these programs cannot run here."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    missing = [program for program in ("ip", "ethtool", "sysctl") + programs if not shutil.which(program)]
    return f"not installed: {', '.join(missing)} (scripts/setup --servers)" if missing else None


def _began(pid):
    """When a process started, in the kernel's ticks: with it, its id is its own for ever. None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def wait_for(holds, seconds, what):
    """Waits until `holds()`; LabError with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise LabError(what)
        time.sleep(0.02)


class Ground:
    """Namespaces by role (`client`), processes by name (`nginx`). What is started outlives this object."""

    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(RUN, name)
        self.kept = {"spaces": [], "processes": {}, "facts": {}}
        self._children = {}  # those that this process started, by name; it must wait for them once they end
        if os.path.exists(self._file()):
            with open(self._file(), encoding="utf-8") as file:
                self.kept = json.load(file)

    def _file(self):
        return os.path.join(self.folder, "state.json")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def stands(self):
        return bool(self.kept["spaces"])

    def keep(self, **facts):
        """Writes facts down for a later process."""
        self.kept["facts"].update(facts)
        self._save()

    def fact(self, name, otherwise=None):
        return self.kept["facts"].get(name, otherwise)

    def _save(self):
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        part = self._file() + ".part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(self.kept, file, indent=1)
        os.replace(part, self._file())

    # --- namespaces

    def space(self, role):
        return f"{self.name}-{role}"

    def add_space(self, role):
        self.kept["spaces"].append(role)
        self._save()
        self.host("ip", "netns", "add", self.space(role))
        self.ip(role, "link set lo up")

    def lay_cable(self, role, device, other, peer, mtu=1500):
        """Joins two namespaces by a veth pair that behaves as a wire: no partial checksums, no 64 kB frames."""
        self.host("ip", "-n", self.space(role), "link", "add", "name", device, "mtu", str(mtu), "type", "veth",
                  "peer", "name", peer, "mtu", str(mtu), "netns", self.space(other))
        for space, end in (role, device), (other, peer):
            self.do(space, "ethtool", "-K", end, *OFFLOADS)

    def ip(self, role, *lines):
        """Runs `ip` commands in a namespace, in one go."""
        made = subprocess.run(["ip", "-n", self.space(role), "-batch", "-"], input="\n".join(lines) + "\n",
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise LabError(f"ip in {role}: {made.stderr.strip()}")

    # --- programs

    def host(self, *command):
        made = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise LabError(f"{' '.join(command)}: {(made.stderr or made.stdout).strip()}")
        return made.stdout

    def at(self, role):
        """What to put before a command to run it in a namespace; the command takes over the process."""
        return ["ip", "netns", "exec", self.space(role)]

    def do(self, role, *command):
        """Runs a command in a namespace; returns what it printed; LabError where it fails."""
        return self.host(*self.at(role), *command)

    def run(self, role, *command, seconds=120, **options):
        """Runs a command in a namespace, whatever comes of it."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True} | options
        return subprocess.run(self.at(role) + list(command), check=False, timeout=seconds, **options)

    def start(self, name, role, *command, folder=None):
        """Starts a program in a namespace; it goes on after this process. Its output goes to NAME.log."""
        with open(self.path(f"{name}.log"), "ab") as log:
            process = subprocess.Popen(self.at(role) + list(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=folder or self.folder, start_new_session=True)
        self._children[name] = process
        self.kept["processes"][name] = {"pid": process.pid, "began": _began(process.pid)}
        self._save()
        return process

    def pid(self, name):
        kept = self.kept["processes"].get(name)
        return kept["pid"] if kept else None

    def lives(self, name):
        kept = self.kept["processes"].get(name)
        return bool(kept) and kept["began"] is not None and _began(kept["pid"]) == kept["began"]

    def log(self, name):
        try:
            with open(self.path(f"{name}.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def stop(self, name, how=signal.SIGTERM, seconds=5):
        """Ends a process that this lab started; waits until it is gone."""
        if self.lives(name):
            pid = self.pid(name)
            os.kill(pid, how)
            end = time.monotonic() + seconds
            while self.lives(name):
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                    end = time.monotonic() + seconds
                time.sleep(0.01)
        self._reap(name)
        if self.kept["processes"].pop(name, None):
            self._save()

    def clear(self):
        """Removes everything that was made. Says what could not be removed."""
        for name in reversed(list(self.kept["processes"])):
            self.stop(name)
        for role in self.kept["spaces"]:
            self._end_guests(role)
            subprocess.run(["ip", "netns", "del", self.space(role)], check=False, stderr=subprocess.DEVNULL)
            shutil.rmtree(f"/etc/netns/{self.space(role)}", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.kept = {"spaces": [], "processes": {}, "facts": {}}

    def _end_guests(self, role):
        """Ends what still runs in one of the lab's own namespaces, workers of servers for one."""
        for _ in range(20):
            found = subprocess.run(["ip", "netns", "pids", self.space(role)], check=False, capture_output=True, text=True)
            if not found.stdout.split():
                return
            for pid in found.stdout.split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)


    def _reap(self, name):
        """A child that has ended stays in the kernel's table until it is waited for."""
        child = self._children.pop(name, None)
        if child:
            child.wait(5)

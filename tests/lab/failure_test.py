"""What happens to a box, and to its wire, when something goes wrong: killed under load, a device that vanishes, a second
instance, an appliance that cannot run. Each ends in a clear message or a clean recovery."""

import contextlib
import ctypes
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import bench, boxes, ground, steal, topology  # noqa: E402

ROUNDS = 20
NET_ADMIN = 12
# Takes a core for some seconds, but for the twentieth of each that the kernel keeps for others.
GREEDY = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    pass
"""
PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000


class Failure(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=os.path.join(stage.TOP, "rules/book/lab.cfg"))

    def setUp(self):
        self.socket = self.lab.path("box.sock")
        if not self.lab.lives("box"):
            self.put()

    def put(self):
        boxes.put(self.lab, "slowlane", self.wanted.book)

    def ctl(self, *words):
        answer = subprocess.run([boxes.binary(), "ctl", "--socket", self.socket, "--json", *words],
                                capture_output=True, text=True, check=True, timeout=10)
        return json.loads(answer.stdout)

    def wait_until_it_crosses(self, seconds=10):
        ground.wait_for(lambda: topology.reaches(self.lab), seconds, "nothing crosses the box\n" + self.lab.log("box"))

    def test_kill_9_under_load_and_start_again_twenty_times(self):
        load = subprocess.Popen(self.lab.at("client") + ["ping", "-q", "-f", "-i", "0.002", "-w", "120", topology.SERVER],
                                stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        for _ in range(ROUNDS):
            self.lab.stop("box", signal.SIGKILL)
            began, before = time.monotonic(), steal.ticks().stolen
            self.put()
            taken = (steal.ticks().stolen - before) / os.sysconf("SC_CLK_TCK")  # by a virtual machine's host
            self.assertLess(time.monotonic() - began - taken, 5)
        self.assertEqual(self.ctl("status")["state"], "running")

    def test_sigterm_ends_it_soon_and_leaves_the_ports_as_they_were(self):
        before = self.lab.do("box", "ip", "-o", "link", "show", "in")
        self.lab.stop("box", signal.SIGTERM)
        self.assertIn("stopped", self.lab.log("box"))
        after = self.lab.do("box", "ip", "-o", "link", "show", "in")
        self.assertEqual(before.replace("PROMISC,", ""), after.replace("PROMISC,", ""))
        self.assertFalse(os.path.exists(self.lab.path("box.sock")))

    def test_a_second_instance_on_the_same_ports_is_told_so(self):
        second = self.lab.run("box", boxes.binary(), "run", self.lab.path("box-appliance.cfg"), seconds=20)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("in", second.stderr)
        self.assertRegex(second.stderr, "another|in use|already|holds")
        self.assertTrue(topology.reaches(self.lab))

    def test_a_device_that_is_not_there_is_named(self):
        with open(self.lab.path("box-appliance.cfg"), encoding="utf-8") as file:
            text = file.read().replace('device = "out"', 'device = "uot"').replace("box.sock", "b2.sock").replace("box-view", "b2-view")
        wrong = self.lab.path("wrong-appliance.cfg")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write(text)
        for command in "check", "run":
            with self.subTest(command=command):
                made = self.lab.run("box", boxes.binary(), command, wrong, seconds=20)
                self.assertNotEqual(made.returncode, 0)
                self.assertRegex(made.stdout + made.stderr, r"wrong-appliance\.cfg:\d+: .*uot")

    def test_a_device_that_is_deleted_and_made_again_is_taken_up_again(self):
        self.wait_until_it_crosses()
        self.lab.ip("router2", "link del dev wire")
        ground.wait_for(lambda: any("out" in one for one in self.ctl("status")["degraded"]), 5, "the box does not notice")
        self.lab.lay_cable("router2", "wire", "box", "out", topology.BOX_MTU)
        self.lab.ip("box", "link set dev out promisc on up")
        self.lab.ip("router2", f"address add {topology.LINK2}/30 dev wire", "link set dev wire mtu 1500",
                    f"address add {topology.LINK2_6}/64 dev wire nodad", "link set dev wire up",
                    f"route add 192.0.2.0/24 via {topology.LINK1}", f"route add 2001:db8:1::/64 via {topology.LINK1_6}")
        self.wait_until_it_crosses()

    def test_bypass_forwards_without_looking(self):
        self.ctl("bypass", "on", "--reason", "test")
        status = self.ctl("status")
        self.assertEqual(status["state"], "bypass")
        self.assertTrue(any("bypass" in one for one in status["degraded"]))
        fetched = self.lab.run("client", "curl", "-sko", "/dev/null", "-w", "%{speed_download}", "https://abs.twimg.com/picture.jpg")
        self.assertGreater(float(fetched.stdout) * 8, 5_000_000)
        self.ctl("bypass", "off")
        self.assertEqual(self.ctl("status")["state"], "running")

    def test_it_gives_up_what_forwarding_does_not_need(self):
        for user in "root", "nobody":
            with self.subTest(user=user):
                self.run_as(user)
                threads = {name_of(f"/proc/{self.lab.pid('box')}/task/{task}"): standing(self.lab.pid("box"), task)
                           for task in os.listdir(f"/proc/{self.lab.pid('box')}/task")}
                control = standing(self.lab.pid("box"), self.lab.pid("box"))
                self.assertEqual(control, {"user": pwd.getpwnam(user).pw_uid, "capabilities": 1 << NET_ADMIN, "no_new": 1})
                self.assertEqual(threads["worker-0"]["capabilities"], 0)
                self.assertEqual(self.ctl("status")["capabilities"], ["net_admin"])
                if user != "root":
                    self.assertEqual({thread["user"] for thread in threads.values()}, {pwd.getpwnam(user).pw_uid})
                self.assertTrue(topology.reaches(self.lab))

    def run_as(self, user):
        """The lab's box, which becomes this user; its sockets lie in a folder of the user's."""
        folder = self.lab.path(f"of-{user}")
        os.makedirs(folder, exist_ok=True)
        shutil.chown(folder, user)
        with open(self.lab.path("box-appliance.cfg"), encoding="utf-8") as file:
            text = file.read().replace(self.lab.path("box"), os.path.join(folder, "box"))
        path = self.lab.path("user-appliance.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + (f'user = "{user}";\n' if user != "root" else ""))
        self.lab.stop("box")
        self.lab.start("box", "box", boxes.binary(), "run", path, folder=stage.TOP)
        self.socket = os.path.join(folder, "box.sock")
        self.addCleanup(self.put)
        self.wait_until_it_crosses()

    def test_a_user_that_is_not_there_is_named(self):
        wrong = self.lab.path("wrong-user.cfg")
        with open(self.lab.path("box-appliance.cfg"), encoding="utf-8") as file:
            text = file.read() + 'user = "nobody-of-that-name";\n'
        with open(wrong, "w", encoding="utf-8") as file:
            file.write(text)
        self.lab.stop("box")
        made = self.lab.run("box", boxes.binary(), "run", wrong, seconds=20)
        self.assertEqual(made.returncode, 3)
        self.assertIn('there is no user "nobody-of-that-name"', made.stderr)

    def test_a_worker_that_hangs_is_noticed_within_a_second_and_ends_the_box(self):
        with standing_still(boxes.worker(self.lab)):
            ground.wait_for(lambda: not self.lab.lives("box"), 1.5, "nobody noticed")
        self.assertRegex(self.lab.log("box"), "worker 0 on core .* has not turned")

    def test_a_worker_that_gets_no_processor_ends_nothing(self):
        core = min(os.sched_getaffinity(boxes.worker(self.lab)))
        greedy = subprocess.Popen([sys.executable, "-c", GREEDY, str(core), "4"])
        self.assertEqual(greedy.wait(timeout=60), 0)
        self.assertTrue(self.lab.lives("box"), self.lab.log("box"))
        self.wait_until_it_crosses()


def standing(process, task):
    """Who a thread is, and what it may do."""
    with open(f"/proc/{process}/task/{task}/status", encoding="utf-8") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {"user": int(lines["Uid"].split()[1]), "capabilities": int(lines["CapEff"], 16), "no_new": int(lines["NoNewPrivs"])}


def name_of(task):
    with open(f"{task}/comm", encoding="utf-8") as file:
        return file.read().strip()


@contextlib.contextmanager
def standing_still(thread):
    """Stops one thread of a process and leaves the others alone (ptrace(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    for request in PTRACE_SEIZE, PTRACE_INTERRUPT:
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    try:
        yield
    finally:
        # What it traced stays in the kernel's table until the tracer has waited for it.
        with contextlib.suppress(ChildProcessError):
            for _ in range(500):
                os.waitpid(thread, WALL | os.WNOHANG)
                time.sleep(0.01)


if __name__ == "__main__":
    stage.main(Failure.wanted)

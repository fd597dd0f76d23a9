"""The lab itself: it leaves nothing behind, after a crash too, and its checks see what is wrong."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
from lab_parts import accuracy, bench, boxes, figures, frames, ground, limits, topology, transparency  # noqa: E402

LAB = os.path.join(stage.TOP, "scripts/lab")


def traces(name):
    """What is left of a lab: namespaces, folders, and processes whose command names it."""
    spaces = [line for line in subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True).stdout.split() if name in line]
    folders = [path for path in (os.path.join(ground.RUN, name), f"/etc/netns/{name}-client") if os.path.exists(path)]
    return spaces + folders + processes(name)


def processes(name):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if f"{ground.RUN}/{name}".encode() in file.read():
                    found.append(pid)
        except OSError:
            pass
    return found


class Leaving(stage.TimedTest):
    def test_down_removes_all_that_a_killed_up_has_made(self):
        name = stage.name("crash")
        up = subprocess.Popen([LAB, "--name", name, "up", "--box", "bridge"], stdout=subprocess.DEVNULL)
        try:
            ground.wait_for(lambda: len(processes(name)) >= 3, 30, "the servers did not start")
        finally:
            up.send_signal(signal.SIGKILL)
            up.wait()
            self.assertTrue(traces(name))
            subprocess.run([LAB, "--name", name, "down"], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(traces(name), [])

    def test_down_ends_no_process_that_took_over_an_id(self):
        lab = ground.Ground(stage.name("ids"))
        bystander = subprocess.Popen(["sleep", "60"])
        try:
            lab.add_space("client")
            lab.kept["processes"]["server"] = {"pid": bystander.pid, "began": 1}
            lab.clear()
            self.assertIsNone(bystander.poll())
        finally:
            bystander.kill()
            bystander.wait()

    def test_a_lab_that_cannot_be_made_leaves_nothing(self):
        name = stage.name("wrong")
        with self.assertRaises(ground.LabError):
            bench.raise_lab(name, bench.Wanted(box="bridge", mtu=20))
        self.assertEqual(traces(name), [])

    def refused(self, *words, **environment):
        """What the program says to words on which it makes nothing."""
        name = stage.name("refused")
        said = subprocess.run([LAB, "--name", name, *words], env=os.environ | environment, capture_output=True, text=True, check=False)
        self.assertEqual((said.returncode, traces(name)), (3, []), said.stderr)
        return said.stderr

    def test_a_book_that_is_not_there_is_named_beside_those_that_are(self):
        said = self.refused("up", "--box", "bridge", "--book", "tspu-2221")
        self.assertIn("tspu-2221", said)
        self.assertIn("tspu-2022", said)

    def test_where_slowlane_is_not_built_it_says_how_and_makes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            for words in ("up",), ("run", "headline", "-o", out):
                self.assertIn("slowlane is not built yet", self.refused(*words, SLOWLANE="/nowhere/slowlane"))
            self.assertFalse(os.path.exists(out))

    def test_a_published_book_is_known_by_its_name(self):
        self.assertEqual(boxes.book_path("tspu-2022"), os.path.join(stage.TOP, "rules/book/published/tspu-2022.cfg"))
        self.assertEqual(boxes.book_path(__file__), __file__)
        self.assertIsNone(boxes.book_path(None))


class Seeing(stage.LabTest):
    """On a kernel bridge, which keeps some frames to itself by standard."""

    def test_frames_that_do_not_cross_are_named(self):
        wrong = frames.cross(self.lab, "router1", "router2", 1500)
        self.assertEqual(set(wrong), set(transparency.BRIDGE_KEEPS))

    def test_frames_that_come_back_are_named(self):
        self.lab.do("box", "tc", "qdisc", "add", "dev", "in", "ingress")
        self.addCleanup(self.lab.do, "box", "tc", "qdisc", "del", "dev", "in", "ingress")
        self.lab.do("box", "tc", "filter", "add", "dev", "in", "parent", "ffff:", "protocol", "all", "u32", "match", "u32", "0", "0",
                    "action", "mirred", "egress", "redirect", "dev", "in")
        wrong = frames.cross(self.lab, "router1", "router2", 1500)
        self.assertIn("came back", wrong["LLDP"])

    def test_lost_echoes_are_noticed(self):
        self.lab.do("box", "nft", 'add table netdev lossy; add chain netdev lossy in { type filter hook ingress device "in" priority 0; };'
                    "add rule netdev lossy in icmp type echo-request limit rate over 1/minute burst 50 packets drop")
        self.addCleanup(self.lab.do, "box", "nft", "delete", "table", "netdev", "lossy")
        checks = transparency.Checks()
        transparency.echoes(self.lab, checks, 100)
        self.assertEqual([good for _, good, _ in checks.done], [False, True])

    def test_a_congestion_control_that_is_not_there_is_refused(self):
        with self.assertRaises(ground.LabError):
            topology.set_congestion_control(self.lab, "nonesuch")
        topology.set_congestion_control(self.lab, "cubic")

    def test_a_policer_of_the_kernel_measures_as_configured(self):
        cells = [limits.Cell(21000, 1_000_000, 16384, "cubic", "nft"), limits.Cell(21001, 4_000_000, 65536, "bbr", "nft")]
        for result in accuracy.measure(self.lab, "nft", cells, 8, 8):
            self.assertAlmostEqual(result["share"], 1.0, delta=0.1, msg=result)
            self.assertGreater(result["retransmitted"], 0.01)


class Far(stage.LabTest):
    """A box behind three routers."""
    wanted = bench.Wanted(box="none", hops=3)

    def test_packets_get_as_far_as_they_may_live(self):
        self.assertTrue(topology.reaches(self.lab))
        for address in topology.SERVER, topology.SERVER6:
            answers = [self.lab.run("client", "ping", "-c", "1", "-W", "1", "-t", str(ttl), address) for ttl in range(1, 6)]
            self.assertEqual([answer.returncode for answer in answers], [1, 1, 1, 1, 0], answers)
            self.assertTrue(all("exceeded" in answer.stdout for answer in answers[:4]), answers)

    def test_the_path_takes_another_mtu(self):
        topology.set_mtu(self.lab, 1400)
        self.assertEqual(self.lab.run("client", "ping", "-c", "1", "-W", "1", "-M", "do", "-s", "1372", topology.SERVER).returncode, 0)
        topology.set_mtu(self.lab, 1500)


class Figures(unittest.TestCase):
    def test_what_comes_twice_counts_once(self):
        packets = [(0.0, 1500, 2**32 - 1000, 1448), (0.1, 1500, 448, 1448), (0.2, 1500, 2**32 - 1000, 1448), (0.3, 1500, 1896, 1448)]
        direction = figures.Direction((), packets)
        self.assertEqual(direction.new_bytes(), 3 * 1448)
        self.assertEqual(direction.sent_again(), 1)
        self.assertAlmostEqual(direction.rate(), 3 * 1500 * 8 / 0.3)
        self.assertEqual(len(direction.until(2000).packets), 2)

    def test_holes_are_filled_in_any_order(self):
        direction = figures.Direction((), [(t, 140, seq, 100) for t, seq in enumerate((0, 200, 400, 100, 50, 300))])
        self.assertEqual(direction.new_bytes(), 500)


if __name__ == "__main__":
    stage.main(bench.Wanted(box="bridge"))

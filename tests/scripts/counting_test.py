"""How the lab counts packets and bytes, and when it says that the machine stood still and not the box."""

import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import capture_files  # noqa: E402
from lab_parts import pulse, reloads, steal, sums  # noqa: E402


def stream_of(numbers):
    """What a stream notes of one flow's datagrams; number n was sent at n ms."""
    stream = pulse.Stream(0)
    stream.sock.close()
    for number in numbers:
        left = number * 1_000_000
        stamp = struct.pack("=qq", 0, left + 5_000)
        stream.note(pulse.MESSAGE.pack(0, number, left), [(0, 0, stamp)])
    return stream.found


class Streams(unittest.TestCase):
    def test_a_gap_is_noted_with_when_it_was(self):
        self.assertEqual(stream_of([0, 1, 2, 6, 7])["gaps"], [[0.002, 0.006, 3]])

    def test_what_comes_later_all_the_same_is_behind(self):
        found = stream_of([0, 1, 3, 2, 4])
        self.assertEqual((found["behind"], found["gaps"]), (1, [[0.001, 0.003, 1]]))


class Pauses(unittest.TestCase):
    def look(self, took, ticks):
        watch = steal.Watch()
        watch.look(100, 100 + took, ticks)
        return watch.pauses

    def test_a_late_look_of_a_stolen_processor_is_a_pause(self):
        self.assertEqual(self.look(0.150, 14), [[100, 100.150]])

    def test_a_late_look_of_a_busy_kernel_is_none(self):
        self.assertEqual(self.look(0.150, 3), [])

    def test_the_stolen_share_is_of_all_time(self):
        self.assertEqual(steal.share(steal.Ticks(500, 10, 1000), steal.Ticks(500, 30, 1200)), 0.1)
        for of in "cpu", "cpu0":
            now = steal.ticks(of)
            self.assertTrue(0 <= now.idle <= now.idle + now.stolen <= now.whole)

    def test_a_look_in_time_is_none(self):
        self.assertEqual(self.look(0.010, 1), [])


def run_of(lost, gaps, pauses):
    stream = {"lost": lost, "gaps": gaps, "behind": 0}
    stream["lost_in_pauses"] = reloads.lost_in_pauses(stream, pauses)
    quiet = {"lost": 0, "gaps": [], "behind": 0, "lost_in_pauses": 0}
    return {"treated": stream, "quiet": quiet}


class LostToTheBox(unittest.TestCase):
    def test_a_loss_while_the_machine_ran_is_the_boxs(self):
        self.assertEqual(reloads.lost_to_it(run_of(3, [[10.0, 10.1, 3]], [[11.0, 11.2]])), 3)

    def test_one_while_it_stood_still_is_not(self):
        self.assertEqual(reloads.lost_to_it(run_of(5, [[10.0, 10.1, 3], [20.0, 20.1, 2]], [[10.05, 10.3]])), 2)

    def test_datagrams_without_a_gap_behind_them_are_the_boxs(self):
        self.assertEqual(reloads.lost_to_it(run_of(4, [], [[10.0, 10.3]])), 4)


class Bytes(unittest.TestCase):
    def test_ip_counts_without_what_pads_it_and_the_rest_whole(self):
        ethernet = bytes(12)
        small = ethernet + b"\x08\x00" + bytes([0x45, 0]) + (40).to_bytes(2, "big") + bytes(42)
        six = ethernet + b"\x86\xdd" + bytes(4) + (8).to_bytes(2, "big") + bytes(42)
        arp = ethernet + b"\x08\x06" + bytes(28)
        frames = [capture_files.Frame(0, data, len(data), 1) for data in (small, six, arp)]
        self.assertEqual([sums.bytes_of([frame]) for frame in frames], [40, 48, 42])


if __name__ == "__main__":
    unittest.main()

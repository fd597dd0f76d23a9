"""`slowlane run` without root: a box between two capture files, from its start to SIGTERM."""

import json
import os
import re
import subprocess
import unittest

from box_case import FLOWS, PACKETS, SLOWLANE, BoxCase, count_packets


class Run(BoxCase):
    def test_what_comes_in_on_one_side_leaves_on_the_other_and_is_counted(self):
        box = self.start(self.appliance('book = "b"; classes = (); rules = ();'))
        self.wait_for(lambda: self.counters().get("total.sent_packets") == PACKETS, box)
        status = json.loads(self.ask("status").stdout)
        self.assertEqual((status["state"], status["bench"]), ("running", True))
        told = subprocess.run([SLOWLANE, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()
        versions = status["versions"]
        self.assertEqual([f"slowlane {status['version']}", f"DPDK {versions['dpdk']}", f"nDPI {versions['ndpi']}",
                          f"Hyperscan {versions['hyperscan']}"], told)
        page = subprocess.run([SLOWLANE, "ctl", "--socket", self.path("ctl.sock"), "status"], capture_output=True, text=True,
                              check=True).stdout
        self.assertRegex(page, rf"(?m)^  ndpi +{re.escape(versions['ndpi'])}$")
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), PACKETS)
        self.assertFalse(os.path.exists(self.path("ctl.sock")))

    def test_classes_and_rules_say_what_was_measured(self):
        box = self.start(self.appliance('book = "b"; classes = ( { name = "half"; lose = { share = 0.5; }; } ); rules = (\n'
                                        '{ name = "few"; when = { client = ["192.0.2.1/32"]; }; then = "half"; },\n'
                                        '{ name = "dead"; when = { client = ["192.0.2.99/32"]; }; then = "half"; } );'))
        self.wait_for(lambda: self.counters().get("total.received_packets") == PACKETS, box)
        classes = {one["name"]: one for one in json.loads(self.ask("classes").stdout)["classes"]}
        half = classes["half"]["up"]
        self.assertEqual((classes["half"]["flows"], half["offered_packets"]), (1, PACKETS // FLOWS))
        self.assertEqual(half["sent_packets"] + half["dropped_packets"], PACKETS // FLOWS)
        few, dead = json.loads(self.ask("rules").stdout)["rules"]
        self.assertEqual((few["name"], few["line"], few["hits"], dead["hits"], dead["last_hit"]), ("few", 2, 1, 0, None))
        self.assertIsNotNone(few["last_hit"])
        self.stop(box)

    def test_sigterm_sends_what_is_held(self):
        box = self.start(self.appliance('book = "b"; otherwise = "late"; rules = ();'
                                        'classes = ( { name = "late"; delay = { time = "60s"; }; } );'))
        self.wait_for(lambda: self.counters().get("total.held_packets") == PACKETS, box)
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), PACKETS)

    def test_a_tap_sends_nothing(self):
        box = self.start(self.appliance('book = "b"; classes = (); rules = ();', mode="tap"))
        self.wait_for(lambda: self.counters().get("total.dropped.tap") == PACKETS, box)
        self.stop(box)
        self.assertEqual(count_packets(self.path("out.pcap")), 0)

    def test_records_show_treated_flows_and_no_whole_address(self):
        book = ('book = "b"; classes = ( { name = "half"; lose = { share = 0.5; }; } );'
                'rules = ( { name = "few"; when = { client = ["192.0.2.1/32"]; }; then = "half"; } );')
        box = self.start(self.appliance(book, f'events = {{ file = "{self.path("flows.jsonl")}"; }};'))
        self.wait_for(lambda: self.counters().get("total.received_packets") == PACKETS, box)
        self.stop(box)
        with open(self.path("flows.jsonl"), encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        self.assertEqual({record["event"] for record in records}, {"classified", "ended"})
        for record in records:
            self.assertEqual((record["client"], record["client_port"], record["community_id"], record["class"]),
                             ("192.0.2.0", 0, None, "half"))

    def live_box(self, more=""):
        book = ('book = "b"; classes = ( { name = "half"; lose = { share = 0.5; }; } );'
                'rules = ( { name = "few"; when = { client = ["192.0.2.0/29"]; }; then = "half"; } );')
        box = self.start(self.appliance(book, more))
        self.wait_for(lambda: self.counters().get("total.received_packets") == PACKETS, box)
        return box

    def test_flows_are_listed_filtered_and_cut(self):
        box = self.live_box()
        answer = json.loads(self.ask("flows", "--class", "half", "--sort", "packets", "--top", "3").stdout)
        self.assertEqual((answer["total"], answer["matched"], answer["whole"], len(answer["flows"])), (FLOWS, 7, True, 3))
        for flow in answer["flows"]:
            self.assertEqual((flow["client"], flow["client_port"], flow["class"], flow["rule"]), ("192.0.2.0", 0, "half", "few"))
        refused = self.ask("flows", "--address", "192.0.2.1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("cut", json.loads(refused.stdout)["error"])
        self.assertIn("of 20 in the box", subprocess.run([SLOWLANE, "ctl", "--socket", self.path("view.sock"), "flows"],
                                                         capture_output=True, text=True, check=True).stdout)
        self.stop(box)

    def test_a_trace_ends_by_itself_and_is_written_down(self):
        box = self.live_box()
        made = self.ask("trace", "--for", "100ms")
        lines = [json.loads(line) for line in made.stdout.splitlines()]
        self.assertEqual((made.returncode, lines[0]["ok"], lines[-1]["ended"]), (0, True, "time"))
        view = subprocess.run([SLOWLANE, "ctl", "--socket", self.path("view.sock"), "trace"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(view.returncode, 1)
        self.stop(box)

    def test_watch_streams_what_happens_to_flows(self):
        box = self.live_box()
        watch = subprocess.Popen([SLOWLANE, "ctl", "--socket", self.path("ctl.sock"), "--json", "watch"],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["watching"], "treated")
        self.stop(box)

    def test_top_prints_one_page(self):
        box = self.live_box()
        page = subprocess.run([SLOWLANE, "ctl", "--socket", self.path("view.sock"), "top", "--once"], capture_output=True,
                              text=True, check=True).stdout.splitlines()
        self.assertLessEqual(len(page), 24)
        self.assertLessEqual(max(map(len, page)), 80)
        self.assertIn("running", page[0])
        self.assertTrue(any(line.startswith("half") for line in page), page)
        self.stop(box)

    def test_every_mistake_of_an_appliance_is_told_with_its_line(self):
        path = self.write("wrong.cfg", 'ports = ( { name = "in"; kind = "af_paket"; device = "x"; } );\n'
                                       'wires = ( { name = "w"; inside = "in"; outside = "uot"; } );\nbook = "none.cfg";\n')
        made = subprocess.run([SLOWLANE, "run", path], capture_output=True, text=True, check=False)
        self.assertEqual(made.returncode, 1)
        self.assertRegex(made.stderr, r'wrong\.cfg:1: .*af_paket.*af_packet')
        self.assertRegex(made.stderr, r'wrong\.cfg:2: .*uot')


if __name__ == "__main__":
    unittest.main()

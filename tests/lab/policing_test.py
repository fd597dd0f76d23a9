"""A real TCP download, replayed through slowlane: a detector of policers that sees only what went in and what came out
recovers every configured rate within 5 %, and calls nothing else policed (facts L4 to L6, O4)."""

import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage  # noqa: E402
import wire  # noqa: E402
from lab_parts import boxes, ground  # noqa: E402

SLOWLANE = boxes.binary()
LINE = 6_000_000  # bits a second
SIZE = 6_000_000  # bytes: 8 s


def download(lab):
    """Records a download at the client's end."""
    with open(lab.path("film.bin"), "wb") as file:
        file.write(os.urandom(SIZE))
    lab.ground.start("web", "server", sys.executable, "-m", "http.server", "--bind", wire.SERVER_ADDRESS, "80")
    fetch = ("import urllib.request, sys; "
             "sys.exit(len(urllib.request.urlopen(sys.argv[1], timeout=60).read()) != int(sys.argv[2]))")
    probe = lab.ground.at("client") + [sys.executable, "-c", fetch, f"http://{wire.SERVER_ADDRESS}/nothing", "0"]
    ground.wait_for(lambda: b"404" in subprocess.run(probe, check=False, capture_output=True).stderr, 10, "no web server")
    with lab.record() as files:
        lab.run("client", sys.executable, "-c", fetch, f"http://{wire.SERVER_ADDRESS}/film.bin", str(SIZE))
    return files["client"]


class Policing(stage.TimedTest):
    @classmethod
    def setUpClass(cls):
        cls.lab = wire.Wire(LINE)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.__exit__)
        cls.capture = download(cls.lab)

    def detect(self, treatment):
        book, out = self.lab.path("book.cfg"), self.lab.path("out.pcapng")
        with open(book, "w", encoding="utf-8") as file:
            file.write(f'book = "lab"; classes = ( {{ name = "treated"; {treatment} }} );\n'
                       'rules = ( { name = "all"; when = {}; then = "treated"; } );\n')
        subprocess.run([SLOWLANE, "replay", self.capture, "--book", book, "--write", out], check=True, capture_output=True)
        return json.loads(subprocess.run(
            [os.path.join(stage.TOP, "scripts/detect-policing"), "--sent", self.capture, "--received", out],
            check=True, capture_output=True, text=True).stdout)

    def test_policed_rates_are_recovered(self):
        for rate in 140_000, 500_000, 1_500_000, 3_000_000:
            for burst in 6_000, 16_384, 100_000:
                with self.subTest(rate=rate, burst=burst):
                    answer = self.detect(f'police = {{ rate = "{rate}bit"; burst = "{burst}B"; scope = "flow"; }};')
                    self.assertEqual(answer["verdict"], "policed", answer)
                    self.assertLess(abs(answer["rate_bps"] / rate - 1), 0.05, answer)
                    self.assertLess(abs(answer["burst_bytes"] - burst), 0.15 * burst + 3_000, answer)

    def test_random_loss_is_not_policing(self):
        for share in 0.02, 0.2:
            with self.subTest(share=share):
                self.assertEqual(self.detect(f"lose = {{ share = {share}; }};")["verdict"], "lossy")

    def test_shaping_is_not_policing(self):
        for queue in "16KiB", "1MiB":
            with self.subTest(queue=queue):
                answer = self.detect(f'shape = {{ rate = "2mbit"; queue = "{queue}"; scope = "flow"; }};')
                self.assertEqual(answer["verdict"], "shaped", answer)
                self.assertLess(abs(answer["rate_bps"] / 2_000_000 - 1), 0.05, answer)

    def test_delay_is_not_policing(self):
        self.assertEqual(self.detect('delay = { time = "80ms"; jitter = "10ms"; };')["verdict"], "none")

    def test_an_untouched_download_shows_nothing(self):
        self.assertEqual(self.detect('mark = { dscp = "cs1"; };')["verdict"], "none")


if __name__ == "__main__":
    wire.skip_unless_possible()
    unittest.main()

"""The box over HTTP while traffic crosses it: a real Prometheus, floods of clients, and the page in a real browser.
Photographs of the page go to $SLOWLANE_PHOTOS where that is set."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402
import stage  # noqa: E402
from lab_parts import bench, boxes, ground, topology  # noqa: E402

HTTP, PROMETHEUS = "127.0.0.1:9180", "127.0.0.1:9190"
FLOOD = os.path.join(stage.TOP, "tests/lab/http_flood.py")


class WebTest(stage.LabTest):
    wanted = bench.Wanted(box="slowlane", book=os.path.join(stage.TOP, "rules/book/lab.cfg"))
    neighbours = [f"192.0.2.{number}" for number in range(20, 26)]  # a name is shown from five clients on

    def setUp(self):
        if not self.lab.lives("box"):
            boxes.put(self.lab, "slowlane", self.wanted.book)

    def ctl(self, *words):
        return boxes.ask(self.lab, *words)

    def get(self, path, address=HTTP):
        return self.lab.do("box", "curl", "-sf", "-m", "10", f"http://{address}{path}")

    @contextlib.contextmanager
    def download(self, seconds=60):
        """A client fetches throttled, shaped, lossy and free files for so long, and six more the throttled one."""
        for address in self.neighbours:
            self.lab.run("client", "ip", "address", "add", f"{address}/24", "dev", "wire")
        files = ("abs.twimg.com/picture.jpg", "smooth.example.net/film.bin", "lossy.example.net/clip.bin", "example.org/film.bin")
        script = f"end=$((SECONDS + {seconds}))\n" + "".join(
            f"while [ $SECONDS -lt $end ]; do curl -sko /dev/null -m 10 --limit-rate 500k https://{file}; done &\n" for file in files)
        script += "".join(f"curl -sko /dev/null -m 30 --interface {address} --limit-rate 50k https://{files[0]} &\n"
                          for address in self.neighbours) + "wait"
        process = subprocess.Popen(self.lab.at("client") + ["bash", "-c", script], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            process.wait(10)


class Prometheus(WebTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("prometheus"):
            self.skipTest("prometheus is not installed (scripts/setup --servers)")

    def query(self, expression):
        answer = json.loads(self.get("/api/v1/query?query=" + urllib.parse.quote(expression), PROMETHEUS))
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def start_prometheus(self):
        config = self.lab.path("prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: slowlane\n    static_configs:\n"
                       f"      - targets: ['{HTTP}']\n")
        self.lab.start("prometheus", "box", "prometheus", f"--config.file={config}", f"--web.listen-address={PROMETHEUS}",
                       f"--storage.tsdb.path={self.lab.path('prometheus')}", "--log.level=warn")
        self.addCleanup(self.lab.stop, "prometheus")
        ground.wait_for(lambda: self.lab.run("box", "curl", "-sf", f"http://{PROMETHEUS}/-/ready").returncode == 0, 30,
                        "prometheus did not start:\n" + self.lab.log("prometheus"))

    def test_its_linter_has_nothing_to_say(self):
        made = subprocess.run(["promtool", "check", "metrics"], input=self.get("/metrics"), capture_output=True, text=True, check=False)
        self.assertEqual((made.returncode, made.stdout + made.stderr), (0, ""))

    def test_what_it_scraped_is_what_the_box_counted(self):
        self.start_prometheus()
        with self.download(8):
            ground.wait_for(lambda: (self.query("count_over_time(up{job='slowlane'}[1m])") or 0) >= 8, 30, "it does not scrape")
            self.assertGreater(self.query("rate(slowlane_class_sent_bytes_total{class='pass',direction='down'}[5s])") or 0, 1000)
        self.assertEqual(self.query("min_over_time(up{job='slowlane'}[1m])"), 1)
        counted = self.quiet_counters()
        time.sleep(2.5)  # one publication, one scrape
        for name in "received_packets", "sent_packets", "received_bytes", "sent_bytes", "flows_begun":
            self.assertEqual(self.query(f"slowlane_{name}_total"), counted[f"total.{name}"], name)
        self.assertEqual(self.query("sum(slowlane_dropped_packets_total)"),
                         sum(value for name, value in counted.items() if name.startswith("total.dropped.")))
        by_class = self.query("sum(slowlane_class_sent_bytes_total)")
        self.assertLessEqual(by_class, counted["total.sent_bytes"])
        self.assertGreater(by_class, 0.9 * counted["total.sent_bytes"])

    def quiet_counters(self):
        """Once nothing moves for two seconds: no cable is quite silent, so some tries."""
        for _ in range(20):
            before = boxes.counters(self.lab)
            time.sleep(4)
            after = boxes.counters(self.lab)
            if before["total.received_packets"] == after["total.received_packets"]:
                return after
        self.fail("the lab's cables are never quiet")


class Flood(WebTest):
    def memory(self):
        with open(f"/proc/{self.lab.pid('box')}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1])

    def test_floods_of_clients_neither_stop_the_box_nor_make_it_grow(self):
        self.get("/metrics")
        before = self.memory()
        for kind in "slow", "huge", "garbage", "pipeline", "lazy", "questions":
            with self.subTest(kind=kind):
                flood = subprocess.Popen(self.lab.at("box") + ["python3", FLOOD, kind, HTTP, "5"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, text=True)
                self.addCleanup(flood.wait)
                self.addCleanup(flood.kill)
                time.sleep(1)
                pinged = self.lab.run("client", "ping", "-q", "-i", "0.01", "-c", "300", "-w", "10", topology.SERVER)
                self.assertIn(" 0% packet loss", pinged.stdout)
                began = time.monotonic()
                self.assertIn("slowlane_uptime_seconds", self.get("/metrics"))
                print(f"{kind}: answered after {1000 * (time.monotonic() - began):.0f} ms; {flood.communicate(timeout=30)[0].strip()}")
        self.assertLess(self.memory() - before, 16 << 10, "kB")


class Page(WebTest):
    def setUp(self):
        super().setUp()
        if not shutil.which(browser.PROGRAM):
            self.skipTest("chromium is not installed (scripts/setup --servers)")
        if "page.js" not in self.get("/"):
            self.skipTest("slowlane was built without its page")

    def photograph(self, page, name):
        if folder := os.environ.get("SLOWLANE_PHOTOS"):
            os.makedirs(folder, exist_ok=True)
            page.photograph(os.path.join(folder, f"{name}.png"))

    def test_it_lives_and_asks_nobody_else(self):
        with browser.Browser(self.lab.at("box")) as page, self.download(40):
            page.size(browser.DESKTOP)
            page.open(f"http://{HTTP}/")
            page.wait_for("document.querySelector('[data-tile=received]')")
            first = page.value("document.querySelector('[data-tile=flows]').textContent")
            self.assertTrue(first)
            page.wait_for("document.querySelectorAll('.class canvas').length >= 2", 20)
            moving = "document.querySelector('[data-tile=received]').textContent"
            seen = page.value(moving)
            page.wait_for(f"{moving} != {json.dumps(seen)}", 10)
            page.wait_for("[...document.querySelectorAll('.book .hits')].some(one => +one.textContent > 0)", 20)
            page.wait_for("document.querySelector('.class[data-class=slow] .names li')?.textContent.includes('abs.twimg.com')", 20)
            time.sleep(15)
            for shape, name in (browser.DESKTOP, "desktop"), (browser.PHONE, "phone"):
                page.size(shape)
                for scheme in "light", "dark":
                    page.scheme(scheme)
                    time.sleep(1.5)
                    self.assertLessEqual(page.value("document.documentElement.scrollWidth"), page.value("innerWidth"), name)
                    self.photograph(page, f"page-{name}-{scheme}")
            self.assertEqual(page.said, [])
            self.assertEqual({urllib.parse.urlsplit(one).netloc for one in page.asked if not one.startswith("about:")}, {HTTP})

    def test_it_survives_a_restart_of_the_box(self):
        with browser.Browser(self.lab.at("box")) as page:
            page.open(f"http://{HTTP}/")
            page.wait_for("document.querySelector('[data-state]')?.textContent == 'running'")
            began = page.value("fetch('/api/now').then(one => one.json()).then(now => now.started_ms)")
            boxes.take(self.lab)
            page.wait_for("document.querySelector('[data-state]').textContent == 'no answer'")
            self.photograph(page, "page-no-answer")
            boxes.put(self.lab, "slowlane", self.wanted.book)
            page.wait_for("document.querySelector('[data-state]').textContent == 'running'", 20)
            self.assertGreater(page.value("fetch('/api/now').then(one => one.json()).then(now => now.started_ms)"), began)
            self.assertEqual(page.value("document.querySelectorAll('.troubles li').length"), 0)

    def test_the_notice_answers_without_a_script(self):
        with browser.Browser(self.lab.at("box")) as page:
            page.size(browser.PHONE)
            page.open(f"http://{HTTP}/notice?name=abs.twimg.com")
            page.wait_for("document.querySelector('.answer')")
            self.assertEqual(page.value("document.scripts.length"), 0)
            self.assertIn("rule ", page.value("document.querySelector('.answer').innerText"))
            self.photograph(page, "notice-phone")


if __name__ == "__main__":
    stage.main(WebTest.wanted)

"""Who may do what to a running box, over its sockets and over HTTP, and what `ctl top` does to a terminal."""

import fcntl
import json
import os
import pty
import select
import signal
import socket
import subprocess
import termios
import time
import unittest
import urllib.error
import urllib.request

from box_case import SLOWLANE, BoxCase

BOOK = 'book = "b"; classes = (); rules = ();'
TOKEN = "0123456789abcdef0123"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Guard(BoxCase):
    def run_box(self, control=""):
        path = self.appliance(BOOK)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.write("box.cfg", text.replace("control = {", "control = { " + control))
        box = self.start(path)
        self.wait_for(lambda: self.ask("status").returncode == 0, box)
        return box

    def view(self, *command):
        return subprocess.run([SLOWLANE, "ctl", "--socket", self.path("view.sock"), "--json", *command], capture_output=True,
                              text=True, check=False)

    def changes(self):
        with open(self.path("changes.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class ViewSocket(Guard):
    def test_what_would_change_the_box_is_refused_clearly_and_written_down(self):
        box = self.run_box()
        self.write("new.cfg", BOOK)
        self.write("names.txt", "".join(f"n{i}.example\n" for i in range(20_000)))
        self.write("large.cfg", 'book = "l"; lists = ( { name = "l"; file = "names.txt"; } ); rules = ();')
        for command in (["reload", self.path("new.cfg")], ["reload", self.path("large.cfg")], ["rollback"], ["confirm"],
                        ["bypass", "on"], ["trace"], ["stop"]):
            with self.subTest(command=command[0]):
                told = self.view(*command)
                self.assertEqual(told.returncode, 1, told.stderr)
                self.assertIn("this socket may only look at", json.loads(told.stdout)["error"])
        self.wait_for(lambda: len(self.changes()) >= 8, box)
        refused = [one for one in self.changes() if one["result"] == "refused"]
        self.assertEqual([one["what"] for one in refused],
                         ["reload", "large request", "rollback", "confirm", "bypass", "trace", "stop"])
        self.assertEqual({one["by"]["uid"] for one in refused}, {os.getuid()})
        self.assertEqual(json.loads(self.view("status").stdout)["state"], "running")
        self.stop(box)

    def test_a_flood_of_refusals_does_not_fill_the_log(self):
        box = self.run_box()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path("view.sock"))
            for _ in range(300):
                client.sendall(b'{"command":"stop"}\n')
                self.assertIn(b"may only look", client.recv(4096))
        time.sleep(0.5)
        self.assertLess(len(self.changes()), 15)
        self.stop(box)


class Http(Guard):
    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        opener = urllib.request.build_opener(type("Stay", (urllib.request.HTTPRedirectHandler,), {"redirect_request": lambda *_: None}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers

    def test_an_address_that_others_reach_asks_for_the_token(self):
        self.port = free_port()
        os.chmod(self.write("token", TOKEN + "\n"), 0o640)
        box = self.run_box(f'http = "0.0.0.0:{self.port}"; token_file = "{self.path("token")}";')
        self.wait_for(lambda: self.get("/metrics", Authorization=f"Bearer {TOKEN}")[0] == 200, box)
        for path in "/", "/metrics", "/api/now", "/api/history", "/api/book":
            for shown in {}, {"Authorization": "Bearer wrong-wrong-wrong"}, {"Cookie": "slowlane_token=wrong"}:
                status, text, headers = self.get(path, **shown)
                self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"), path)
                self.assertIn("asks for its token", text)
            self.assertEqual(self.get(path, Authorization=f"Bearer {TOKEN}")[0], 200, path)
        status, _, headers = self.get(f"/?token={TOKEN}")
        self.assertEqual((status, headers["Location"]), (303, "/"))
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(self.get("/api/now", Cookie=cookie)[0], 200)
        self.assertEqual(self.get("/notice")[0], 200, "the notice is for everybody")
        self.assertEqual(self.get("/metrics", Host="elsewhere.example", Authorization=f"Bearer {TOKEN}")[0], 421)
        self.stop(box)

    def test_no_box_begins_that_others_reach_without_a_token(self):
        path = self.appliance(BOOK)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        os.chmod(self.write("token", TOKEN + "\n"), 0o644)
        address = f"0.0.0.0:{free_port()}"
        for control, why, code in (f'http = "{address}";', "token_file", 1), \
                                  (f'http = "{address}"; token_file = "{self.path("token")}";', "everybody may read", 3):
            self.write("box.cfg", text.replace("control = {", "control = { " + control))
            made = subprocess.run([SLOWLANE, "run", path], capture_output=True, text=True, check=False, timeout=30)
            self.assertEqual(made.returncode, code, made.stderr)
            self.assertIn(why, made.stderr)


class Top(Guard):
    """`ctl top` on a terminal of its own."""

    def setUp(self):
        super().setUp()
        self.box = self.run_box()
        self.ours, self.theirs = pty.openpty()
        self.addCleanup(os.close, self.ours)
        self.addCleanup(os.close, self.theirs)
        self.before = termios.tcgetattr(self.theirs)
        self.seen = b""
        self.top = subprocess.Popen([SLOWLANE, "ctl", "--socket", self.path("view.sock"), "top"], stdin=self.theirs,
                                    stdout=self.theirs, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=self.take_terminal)
        self.addCleanup(self.top.stderr.close)
        self.addCleanup(self.top.wait)
        self.addCleanup(self.top.kill)
        self.read_until(b"running")

    @staticmethod
    def take_terminal():
        """What is typed at it are then this process's signals."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read_until(self, what, seconds=10):
        end = time.monotonic() + seconds
        while what not in self.seen:
            self.assertLess(time.monotonic(), end, self.seen)
            if select.select([self.ours], [], [], 0.1)[0]:
                self.seen += os.read(self.ours, 65536)

    def ends_well(self, code=0):
        self.read_until(b"\x1b[?1049l")
        self.assertEqual(self.top.wait(5), code)
        self.assertEqual(termios.tcgetattr(self.theirs), self.before)
        self.assertIn(b"\x1b[?25h", self.seen, "the cursor is back")

    def test_it_draws_anew_until_q(self):
        self.seen = b""
        self.read_until(b"\x1b[H")
        os.write(self.ours, b"x")
        self.assertIsNone(self.top.poll())
        os.write(self.ours, b"q")
        self.ends_well()

    def test_ctrl_c_ends_it(self):
        os.write(self.ours, b"\x03")
        self.ends_well()

    def test_a_signal_ends_it(self):
        self.top.send_signal(signal.SIGTERM)
        self.ends_well()

    def test_the_end_of_the_box_ends_it_with_a_word(self):
        self.stop(self.box)
        self.ends_well(code=3)
        self.assertIn(b"view.sock", self.top.stderr.read())

    def test_ctrl_z_gives_the_terminal_back_meanwhile(self):
        os.write(self.ours, b"\x1a")
        self.read_until(b"\x1b[?1049l")
        end = time.monotonic() + 5
        while self.state() != "T":
            self.assertLess(time.monotonic(), end, "it does not stop")
            time.sleep(0.05)
        self.assertEqual(termios.tcgetattr(self.theirs), self.before)
        self.seen = b""
        self.top.send_signal(signal.SIGCONT)
        self.read_until(b"running")
        os.write(self.ours, b"q")
        self.ends_well()

    def state(self):
        with open(f"/proc/{self.top.pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0]


if __name__ == "__main__":
    unittest.main()

"""Every variant is a server that starts, says where, answers, and stops; and `run` and `serve` refuse what they should."""

import json
import re
import signal
import subprocess
import unittest
import urllib.request
from pathlib import Path

CASE = Path(__file__).resolve().parent.parent
VARIANTS = [line.split()[0] for line in subprocess.check_output([CASE / "run"], text=True).splitlines()]
MISSING = 4


def ended(*command):
    done = subprocess.run([CASE / command[0], *command[1:]], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def answer(url, cookies):
    request = urllib.request.Request(f"{url}/page?utm_campaign=spring-sale", headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response), response.headers.get_all("Set-Cookie")


class Servers(unittest.TestCase):
    def serve(self, variant):
        server = subprocess.Popen([CASE / "serve", variant], stdout=subprocess.PIPE, text=True)
        line = server.stdout.readline()
        if not line and server.wait(timeout=10) == MISSING:
            self.skipTest(f"what {variant} needs is not installed")
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.kill)
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+\n$")
        return server, line.split()[-1]

    def test_every_variant_serves_and_stops(self):
        for variant in VARIANTS:
            with self.subTest(variant):
                server, url = self.serve(variant)
                page, cookies = answer(url, "visitor_id=visitor-anna; session_id=session-anna")
                self.assertEqual(
                    [page["visitor_id"], page["session_id"], page["campaign"]],
                    ["visitor-anna", "session-anna", "spring-sale"],
                )
                self.assertEqual(sorted(cookie.split(";")[0] for cookie in cookies),
                                 ["session_id=session-anna", "visitor_id=visitor-anna"])
                for cookie, lifetime in zip(sorted(cookies), [1800, 63072000]):
                    self.assertRegex(cookie.lower(), rf"; max-age={lifetime}\b")
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(timeout=10), 0)
                self.assertEqual(server.stdout.read(), "", "one line is all")

    def test_a_chosen_port_is_taken(self):
        server, url = self.serve("mended")
        server.terminate()
        server.wait(timeout=10)
        port = url.rsplit(":", 1)[1]
        again = subprocess.Popen([CASE / "serve", "mended", "--port", port], stdout=subprocess.PIPE, text=True)
        self.addCleanup(again.stdout.close)
        self.assertEqual(again.stdout.readline(), f"listening on {url}\n")
        again.terminate()
        self.assertEqual(again.wait(timeout=10), 0)


class CommandLines(unittest.TestCase):
    def test_alone_both_list_the_variants(self):
        for program in ("run", "serve"):
            status, out, _ = ended(program)
            self.assertEqual((status, out.count("\n")), (0, 17))

    def test_what_is_wrong_gets_one_line_and_status_2(self):
        for line in ["run nobody", "run broken x", "run broken 0", "run broken 1 2", "run --fast", "run broken -1",
                     "serve nobody", "serve mended --port", "serve mended --port 70000", "serve mended 80", "serve --fast"]:
            status, out, complaint = ended(*line.split())
            self.assertEqual((status, out, complaint.count("\n")), (2, "", 1), line)


class Runs(unittest.TestCase):
    def test_the_last_line_and_the_status_tell_the_broken_from_the_mended(self):
        for variant, expected, wrong in [("first-fix", 1, r"[1-9]\d*"), ("mended", 0, "0")]:
            status, out, _ = ended("run", variant, "0.5")
            self.assertEqual(status, expected)
            self.assertTrue(re.fullmatch(rf"ops [1-9]\d*, wrong {wrong}", out.splitlines()[-1]), out)


if __name__ == "__main__":
    unittest.main()

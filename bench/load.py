"""How fast `jostle probe` sends, with every answer looked through, beside load generators that count status codes."""

import re
import subprocess
import time
import urllib.request
from pathlib import Path

from figures import median_text, ratio_text

SECONDS = 5
CLIENTS = 64
PORT = 18_080
URL = f"http://127.0.0.1:{PORT}/"

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {home}/pid;
error_log {home}/errors;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {home}/t1; proxy_temp_path {home}/t2; fastcgi_temp_path {home}/t3;
  uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  server {{ listen 127.0.0.1:{port}; root {home}; }}
}}
"""


def measure(session):
    ways = {"jostle": probed}
    ways |= {"wrk": wrk} if session.has("wrk") else {}
    ways |= {"oha": oha} if session.has("oha") else {}
    if not session.has("nginx") or len(ways) == 1:
        session.say("\nWithout nginx, and wrk or oha, there is nothing to measure how fast requests are sent.")
        return
    server = served(session.build / "nginx")
    try:
        rates = {way: [] for way in ways}
        for way in session.interleaved(ways, session.runs(10, 3)):
            rates[way].append(ways[way](session))
        counts(session, ways, rates)
        session.say(f"\nMemory at 1,000,000 requests: {memory(session)} MB (goal: ≤ 100)")
    finally:
        server.terminate()
        server.wait()


def counts(session, ways, rates):
    title = f"Requests per second against nginx, {CLIENTS} connections kept alive, one thread (goal: ≥ 0.9)"
    rows = [
        [way, len(rates[way]), median_text(rates[way], "/s"), ratio_text(session.chance, rates["jostle"], rates[way])]
        for way in ways
    ]
    session.table(title, ["sends", "runs", "median", "jostle is so many times as fast"], rows)


def served(home):
    home.mkdir(exist_ok=True)
    (home / "index.html").write_text("<p>The same for all.</p>\n" * 24)
    configuration = home / "conf"
    configuration.write_text(CONFIGURATION.format(home=home, port=PORT))
    server = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(home)])
    for _ in range(100):
        try:
            urllib.request.urlopen(URL).read()
            return server
        except OSError:
            time.sleep(0.05)
    server.kill()
    raise RuntimeError("nginx does not answer")


def command(session, *limit):
    ours = [session.jostle, "probe", URL, "--format", "json", "--token", "query:u", "--token", "cookie:sid"]
    return [*ours, "--mode", "keep-alive", "--concurrency", CLIENTS, "--threads", 1, *limit]


def probed(session):
    findings, summary, _ = session.reported(command(session, "--for", f"{SECONDS}s"))
    if findings:
        raise RuntimeError(f"something was found in a static page: {findings}")
    return summary["counts"]["answers"] / summary["counts"]["probed_ms"] * 1000


def wrk(session):
    output = session.run(["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", URL])[1]
    said = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(said[1]) if said else None


def oha(session):
    output = session.run(["oha", "--no-tui", "-c", CLIENTS, "-z", f"{SECONDS}s", URL])[1]
    said = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(said[1]) if said else None


def memory(session):
    """The largest resident set, in MB, as the kernel has it when the process is over."""
    process = subprocess.Popen(
        [str(word) for word in command(session, "--requests", 1_000_000, "--for", "300s")], stdout=subprocess.DEVNULL
    )
    most = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        said = re.search(r"VmHWM:\s+(\d+) kB", status)
        most = max(most, int(said[1]) if said else 0)
        time.sleep(0.1)
    return round(most / 1000)

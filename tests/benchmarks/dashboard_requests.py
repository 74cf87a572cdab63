"""What viewers of the dashboard cost the cloud: `python tests/benchmarks/dashboard_requests.py [SECONDS]`.

Requests are counted at a proxy before a local cloud while `runner watch` looks, then `runner dashboard` with
nobody looking, then with 20 that keep a stream of news open and load two pages at each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import requests

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "contract")]

import commands  # noqa: E402  (a script has only its own folder on its path)
from recording_server import RecordingServer  # noqa: E402

VIEWERS = 20
INTERVAL_S = 2.0
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_RUNNER = [sys.executable, "-c", "import sys; from runner.cli import main; sys.exit(main())"]


def main(seconds=30.0):
    """Writes what was counted, as JSON."""
    server = RecordingServer()
    try:
        with tempfile.TemporaryDirectory() as folder, local_cloud(Path(folder) / "store") as cloud:
            settings = f'target = "cloud"\n[targets.cloud]\nurl = "{server.url}"\nemulates = true\n'
            lab = commands.a_lab(Path(folder) / "lab", settings=settings)
            with server.in_front_of(cloud) as tape:
                subprocess.run(
                    [*_RUNNER, "apply", "specs", "--yes"], cwd=lab, check=True, stdout=subprocess.DEVNULL
                )
                dashboard = [*_RUNNER, "dashboard", "--port", "0"]
                found = {
                    "watch": counted(tape, lab, [*_RUNNER, "watch", "specs", "--yes"], seconds),
                    "dashboard": counted(tape, lab, dashboard, seconds),
                    f"dashboard_with_{VIEWERS}_viewers": counted(
                        tape, lab, dashboard, seconds, viewers=VIEWERS
                    ),
                }
    finally:
        server.close()
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


@contextmanager
def local_cloud(store):
    """Serves one; its URL."""
    with process([*_RUNNER, "local", "serve", "--port", "0", "--store", str(store)], store.parent) as lines:
        yield next(found[0] for line in lines if (found := re.findall(r"http://\S+", line))).rstrip("/")


@contextmanager
def process(words, folder):
    """Runs a command until the context ends; what it says, line by line."""
    running = subprocess.Popen(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield running.stdout
    finally:
        running.terminate()
        running.communicate(timeout=60)


def counted(tape, lab, words, seconds, *, viewers=0):
    """Requests a look at the target while a command runs, after its beginning."""
    with process([*words, "--interval", str(INTERVAL_S)], lab) as lines:
        is_served = "dashboard" in words
        url = (
            next(found[0] for line in lines if (found := re.findall(r"http://\S+", line)))
            if is_served
            else ""
        )
        ended, seen = Event(), Counter()
        looking = [Thread(target=follow, args=(url, ended, seen)) for _ in range(viewers)]
        for each in looking:
            each.start()
        time.sleep(3 * INTERVAL_S)
        begin = len(tape.heard)
        time.sleep(seconds)
        heard = Counter(f"{each.method} {_ID.sub('…', each.path)}" for each in tape.heard[begin:])
        ended.set()
    for each in looking:
        each.join()
    looks = heard["GET /api/v1/batches"]
    per_look = {what: round(count / looks, 2) for what, count in sorted(heard.items())} if looks else {}
    return {"requests": heard.total(), "looks": looks, "per_look": per_look, "seen": dict(seen)}


def follow(url, ended, seen):
    """What a browser does that stays open: it listens, and loads its page again when there is news."""
    with requests.get(f"{url}events", stream=True, timeout=60) as news:
        try:
            for line in news.iter_lines():
                if ended.is_set():
                    return
                if line.startswith(b"data:"):
                    for path in ("", "queue/"):
                        requests.get(url + path, timeout=60).raise_for_status()
                    seen["pages"] += 2
        except requests.RequestException:
            return  # it has ended


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))

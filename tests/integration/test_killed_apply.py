"""`runner apply` is killed with SIGKILL around every request that changes something, and run again."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import commands
import pytest
from patience import PATIENCE_S

from runner.domain import JobStatus

WANTED = {100: 50, 200: 50, 300: 50}


class KillingProxy:
    """Stands between a runner and a cloud, and kills the runner around its n-th change.

    Args:
        url: The cloud.

        number: Which POST or PATCH, counted from 0; -1 kills nobody.

        moment: `before` or `after` the cloud has carried it out.
    """

    def __init__(self, url, number, moment):
        self._cloud = urlsplit(url)
        self._number, self._moment = number, moment
        self._changes = -1
        self._lock = threading.Lock()
        self.victim = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self):
        """Where the runner is pointed at."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def forward(self, method, path, headers, body):
        """The cloud's answer; None when there is nobody left to hear it."""
        with self._lock:
            self._changes += method != "GET"
            is_the_one = method != "GET" and self._changes == self._number
        if is_the_one and self._moment == "before":
            self.victim.send_signal(signal.SIGKILL)
            return None
        connection = http.client.HTTPConnection(self._cloud.hostname, self._cloud.port, timeout=PATIENCE_S)
        kept = {name: value for name, value in headers.items() if name.lower() != "host"}
        connection.request(method, path, body, kept)
        answer = connection.getresponse()
        said = answer.status, answer.read()
        connection.close()
        if is_the_one:
            self.victim.send_signal(signal.SIGKILL)
            return None
        return said

    def _handler(self):
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said = proxy.forward(self.command, self.path, self.headers, body)
                if said is None:
                    return
                self.send_response(said[0])
                self.send_header("Content-Length", str(len(said[1])))
                self.end_headers()
                self.wfile.write(said[1])

            do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815

            def log_message(self, *_):
                """Nothing."""

        return Handler


def bought(cloud):
    """Runs of every job on the cloud, cancelled ones left out, by point; and how many jobs that is."""
    jobs = [job for job in cloud.get_jobs() if job["status"] != JobStatus.CANCELED]
    runs = Counter()
    for job in jobs:
        runs[job["variables"]["t_ns"]] += job["runs"]
    return dict(runs), len(jobs)


@pytest.mark.parametrize("moment", [pytest.param("before", marks=pytest.mark.long), "after"])
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(0, marks=pytest.mark.long, id="claim"),
        pytest.param(1, id="purchase"),
        pytest.param(2, marks=pytest.mark.long, id="close"),
    ],
)
def test_a_killed_apply_buys_every_job_exactly_once(tmp_path, cloud, number, moment):
    """Killed around the claim, the purchase or the close; the next apply goes on from there."""
    lab = commands.a_lab(tmp_path / "lab")
    with KillingProxy(cloud.endpoints.core, number, moment) as proxy:
        settings = f'[targets.test]\nurl = "{proxy.url}"\nsettle_s = 0\npoll_s = 0.1\n'
        (lab / "runner.toml").write_text(f'namespace = "lab"\ntarget = "test"\n{settings}')
        proxy.victim = commands.start(lab, "apply", "specs", "--yes")
        proxy.victim.communicate(timeout=commands.TIMEOUT_S)
        code, _, stderr = commands.run(lab, "apply", "specs", "--yes")

    assert proxy.victim.returncode == -signal.SIGKILL
    assert (0, (WANTED, 3)) == (code, bought(cloud)), stderr


@pytest.mark.long
@pytest.mark.parametrize("delay_s", [0.5, 1.0, 1.5, 2.0, 2.5])
def test_an_apply_killed_at_any_moment_buys_every_job_exactly_once(lab, delay_s):
    """On the embedded cloud, whatever it was just doing; killed or already done, the end is the same."""
    process = commands.start(lab, "apply", "specs")
    try:
        process.communicate(timeout=delay_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate(timeout=PATIENCE_S)
    code, _, stderr = commands.run(lab, "apply", "specs")
    records = sorted(
        line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()
    )

    assert (0, 3) == (code, len(records)), stderr


@pytest.mark.long
@pytest.mark.seconds(13)
def test_two_clones_that_apply_at_the_same_moment_buy_every_job_once(tmp_path, cloud):
    """They share the namespace of their root commit, see each other's claims, and the oldest wins."""
    origin = commands.a_lab(tmp_path / "origin")
    (origin / "runner.toml").unlink()
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@lab.test"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(origin), *words], check=True, timeout=PATIENCE_S, env=os.environ)
    clones = [tmp_path / name for name in ("ada", "bob")]
    for clone in clones:
        subprocess.run(["git", "clone", "-q", str(origin), str(clone)], check=True, timeout=PATIENCE_S)

    words = ("apply", "specs", "--yes", "--target", cloud.endpoints.core)
    processes = [commands.start(clone, *words) for clone in clones]
    ends = [(*process.communicate(timeout=commands.TIMEOUT_S), process.returncode) for process in processes]

    assert [0, 0] == [code for _, _, code in ends], ends
    assert (WANTED, 3) == bought(cloud)
    for clone in clones:
        assert len(list(clone.glob("results/pair/*/*.jsonl"))) == 1

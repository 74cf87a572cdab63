"""What stands between a runner and a cloud: the handle of `fault_proxy`, and the cloud it leads to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from patience import PATIENCE_S

from runner.local.server.launch import running

_HERE = Path(__file__).parent


def data_of(url, method, path, body=None):
    """The JSON of an answer that is a success."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, (method, path, answer.status, text)
    return json.loads(text)


class FaultProxy:
    """A proxy to a server; ended with its context, and with whoever started it."""

    def __init__(self, url):
        self._process = subprocess.Popen(
            [sys.executable, _HERE / "fault_proxy.py", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def behave(self, *rules, **limits):
        """Puts faults in place of those in force.

        Args:
            rules: Fields of `fault_rules.Rule`; none for no faults.

            limits: `seed`, `most` and `for_s` of `fault_proxy.Behaviour`.
        """
        data_of(self.url, "PUT", "/proxy/faults", {"rules": rules, **limits})

    def log(self):
        """Everything that was asked, in its order."""
        return data_of(self.url, "GET", "/proxy/log")

    def stop(self, number, *, changes, moment):
        """Has one of the next requests wait: the first for 0."""
        order = {"number": number, "changes": changes, "moment": moment}
        data_of(self.url, "PUT", "/proxy/stop", order)

    def stopped(self, timeout_s):
        """Whether that request has come within a time."""
        return data_of(self.url, "GET", f"/proxy/stopped?{timeout_s}")

    def go(self, *, forward=True):
        """Lets it go on, or loses it."""
        data_of(self.url, "PUT", "/proxy/go", {"forward": forward})


class ServedCloud:
    """The local cloud as a process of its own, asked directly; ended with its context.

    Args:
        store: Folder of what it keeps.
    """

    def __init__(self, store):
        store.mkdir(parents=True)
        config = store / "cloud.toml"
        config.write_text("[control]\nenabled = true\n", encoding="utf-8")
        words = ("--store", store, "--config", config, "--idle-exit-s", "600")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runner.local", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.url = self._address(store)

    def _address(self, store):
        deadline = time.monotonic() + PATIENCE_S
        while (server := running(store)) is None:
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.close()
                raise TimeoutError("the local cloud did not start")
            time.sleep(0.02)
        return server.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def behave(self, *rules):
        """Puts faults of its own in place of those in force."""
        data_of(self.url, "PUT", "/control/faults", list(rules))

    def pause(self, *device_types):
        """Starts nothing on these devices, and everything on others."""
        data_of(self.url, "PUT", "/control/paused", {"devices": device_types, "batches": []})

    def batches(self, namespace):
        """All batches of a namespace, newest first."""
        return self._all(f"/api/v1/batches?tag=runner:{namespace}")

    def jobs(self, batch_id):
        """All jobs of a batch."""
        return self._all(f"/api/v2/jobs?batch_id={batch_id}")

    def sequence(self, batch_id):
        """Text of the sequence of a batch."""
        return data_of(self.url, "GET", f"/api/v2/batches/{batch_id}")["data"]["sequence_builder"]

    def counts(self, job_id):
        """What a job has measured."""
        link = data_of(self.url, "GET", f"/api/v1/jobs/{job_id}/results_link")["data"]["results_link"]
        return data_of(self.url, "GET", urlsplit(link).path)["counter"]

    def bought(self, namespace):
        """How many jobs of a namespace there are that were not cancelled, and their runs by point."""
        jobs = [job for batch in self.batches(namespace) for job in self.jobs(batch["id"])]
        runs = Counter()
        for job in jobs:
            if job["status"] != "CANCELED":
                runs[(job["variables"] or {}).get("t_ns")] += job["runs"]
        return sum(job["status"] != "CANCELED" for job in jobs), dict(runs)

    def _all(self, path):
        items, page = [], None
        while page is None or len(page) == 100:
            page = data_of(self.url, "GET", f"{path}&limit=100&offset={len(items)}")["data"]
            items += page
        return items

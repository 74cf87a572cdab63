"""Round after round two clones race and are killed at any moment, on a cloud that misbehaves."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import urlsplit

import commands
import pytest
from forking_runner import Forks
from patience import PATIENCE_S

from runner.cloud import Client, Endpoints
from runner.domain import JobStatus
from runner.local.server.launch import running

ROUNDS = 50
PART = 10
# How often both are killed in a round, and when at the latest (in s).
KILLS = (0, 1, 2, 2)
LIFE_S = 0.8
WANTED = {100: 50, 200: 50, 300: 50}
SETTINGS = """\
namespace = "{namespace}"
target = "test"
[targets.test]
url = "{url}"
settle_s = 0.3
claim_ttl_s = 1.0
poll_s = 0.1
"""
LAG = {"effect": "lag", "lag_s": 0.25, "path": "/api/v1/batches"}
# They do nothing but count.
COUNTED = [
    {"effect": "delay", "delay_s": 0.001, "probability": 0.0, "method": method}
    for method in ("POST", "PATCH")
]


class Cloud:
    """The local cloud as a process of its own, and what a test may ask of it."""

    def __init__(self, store):
        config = store.parent / "cloud.toml"
        config.write_text("[control]\nenabled = true\n")
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "runner.local",
                "--store",
                store,
                "--config",
                config,
                "--idle-exit-s",
                "600",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE_S
        while (server := running(store)) is None:
            if time.monotonic() > deadline:
                self.close()
                pytest.fail("the local cloud did not start")
            time.sleep(0.02)
        self.url = server.url
        self.client = Client(endpoints=Endpoints(core=self.url, account=self.url), project_id="p")

    def close(self):
        """Ends it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)

    def behave(self, rules):
        """Puts rules in place of those in force; answers how often each was applied or looked at."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        connection.request("GET", "/control/faults")
        before = json.loads(connection.getresponse().read())["data"]
        connection.request("PUT", "/control/faults", json.dumps(rules))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()
        return [rule["seen"] for rule in before]

    def bought(self, namespace):
        """Runs of every job of a namespace by point, cancelled ones left out; and how many jobs that is."""
        runs, n_jobs = Counter(), 0
        for batch in self.client.get_batches(tag=f"runner:{namespace}"):
            for job in self.client.get_batch_jobs(batch["id"]):
                if job["status"] != JobStatus.CANCELED:
                    runs[job["variables"]["t_ns"]] += job["runs"]
                    n_jobs += 1
        return dict(runs), n_jobs


@pytest.fixture
def cloud(tmp_path):
    """A cloud that is ended with the test."""
    cloud = Cloud(tmp_path / "cloud")
    yield cloud
    cloud.close()


@pytest.fixture
def forks(tmp_path):
    """What starts runners."""
    with (tmp_path / "forks.log").open("w") as log, Forks(log) as forks:
        yield forks


def troubles(rng):
    """Answers lost before and after the commit, 5xx after it, delays, lagging lists; other ones each time."""
    rules = [
        {"effect": "drop", "when": "after", "method": "POST", "probability": 0.4, "times": 1},
        {"effect": "drop", "when": "before", "method": "POST", "probability": 0.2, "times": 1},
        {"effect": "error", "when": "after", "method": "POST", "probability": 0.3, "times": 1},
        {"effect": "error", "when": "after", "method": "PATCH", "probability": 0.2, "times": 2},
        {"effect": "delay", "when": "before", "delay_s": 0.2, "probability": 0.1},
        LAG,
    ]
    return [rule | {"seed": rng.randrange(10**6)} for rule in rules]


def two_clones(folder, namespace, url):
    """Two folders with the same experiment and the same namespace."""
    clones = [commands.a_lab(folder / name) for name in ("ada", "bob")]
    for clone in clones:
        (clone / "runner.toml").write_text(SETTINGS.format(namespace=namespace, url=url))
    return clones


def applied(forks, clones):
    """Both apply at the same time: how they end, and what those say that do not end well."""
    pids = [forks.start(clone, "apply", "specs", "--yes") for clone in clones]
    codes = [forks.end(pid, PATIENCE_S) for pid in pids]
    return [
        0 if code == 0 else (code, (clone / "log").read_text())
        for code, clone in zip(codes, clones, strict=True)
    ]


def recorded(clone):
    """How many ends of jobs a clone has on record, and how many of them with what was measured."""
    lines = [line for file in clone.glob("results/*/*/*.jsonl") for line in file.read_text().splitlines()]
    done = [record for record in map(json.loads, lines) if record["status"] == JobStatus.DONE]
    return Counter({record["variables"]["t_ns"]: sum(record["counts"].values()) for record in done})


def a_round(number, folder, cloud, forks):
    """What happened in one round: kills that hit, and how it ended."""
    rng, namespace = random.Random(number), f"round-{number}"
    clones = two_clones(folder, namespace, cloud.url)
    cloud.behave(troubles(rng))
    ends = []
    for _ in range(rng.choice(KILLS)):
        pids = [forks.start(clone, "apply", "specs", "--yes") for clone in clones]
        for pid in rng.sample(pids, len(pids)):
            time.sleep(rng.uniform(0.0, LIFE_S / 2))
            ends.append(forks.kill(pid))
    cloud.behave([LAG])
    last = applied(forks, clones)
    cloud.behave([])
    tidied = applied(forks, clones)  # a claim of one who was killed may have shown up late
    cloud.behave(COUNTED)
    again = applied(forks, clones)
    changes = cloud.behave([])
    outcome = (
        [*last, *tidied, *again],
        changes,
        cloud.bought(namespace),
        [recorded(clone) for clone in clones],
    )
    return ends.count(-signal.SIGKILL), outcome


@pytest.mark.long
@pytest.mark.seconds(50)
@pytest.mark.parametrize("first", range(0, ROUNDS, PART))
def test_killed_and_racing_runners_buy_every_job_once_and_record_it(first, tmp_path, cloud, forks):
    """The end of every round: all bought once, all on record in both clones, and nothing left to send."""
    well = ([0] * 6, [0, 0], (WANTED, 3), [WANTED, WANTED])
    wrong, hits = {}, 0
    for number in range(first, first + PART):
        n_hits, outcome = a_round(number, tmp_path / str(number), cloud, forks)
        hits += n_hits
        if outcome != well:
            wrong[number] = outcome

    assert {} == wrong
    assert hits > PART / 2

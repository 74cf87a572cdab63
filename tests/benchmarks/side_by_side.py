"""One sweep, the same mishaps: `python tests/benchmarks/side_by_side.py [--write docs/side-by-side.md]`.

The sweep is sent by `runner apply`, by a script over the official SDK, and by one that also keeps the batch's
id in a file. Each is started again until it ends well, as its user would. What is counted is what the cloud
then has, and what the tool has written down.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from pages import write_between

from runner.project import Project
from runner.project.api import Declared

HERE = Path(__file__).parent
PROJECT = "00000000-0000-4000-8000-000000000000"
TIMES = [100 + 20 * n for n in range(12)]
RUNS = 50
MOST_STARTS = 5
PATIENCE_S = 180
TOOLS = {
    "ours": "`runner apply`",
    "script": "SDK script",
    "keeps id": "SDK script that keeps the id",
}
MARKS = ("<!-- measured -->\n", "<!-- end -->\n")

_EXPERIMENT = f"""\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: sweep}}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {{chain: {{n_qubits: 2, spacing_um: 6.0}}}}
    channels: {{ising: rydberg_global}}
    variables: {{t_ns: int}}
    operations:
      - pulse: {{channel: ising, amplitude: {{constant: {{duration_ns: t_ns, value: 6.28}}}}, detuning: 0.0}}
  policy: {{retry: {{backoff_s: 0.5}}}}
  jobs:
    - runs: {RUNS}
      sweep: {{t_ns: {json.dumps(TIMES)}}}
"""

_SETTINGS = """\
namespace = "lab"
target = "cloud"
[targets.cloud]
url = "{url}"
settle_s = 0.5
claim_ttl_s = 5
poll_s = 0.2
"""

# A purchase is a POST that holds jobs: a batch with its jobs, or jobs for an open batch.
_PURCHASES = "/api/v1/batches*"


@dataclass(frozen=True)
class Mishap:
    """What goes wrong.

    Args:
        faults: Rules of the local cloud.

        killed: The tool is killed as soon as the cloud has jobs, before it has the answer.

        again: It is started once more after it has ended well.

        at_once: How many are started at the same time, each in a clone of its own.
    """

    title: str
    faults: list[dict] = field(default_factory=list)
    killed: bool = False
    again: bool = False
    at_once: int = 1


def lost(**fields):
    """A purchase is carried out, and the answer does not come."""
    return {"method": "POST", "path": _PURCHASES, "when": "after"} | fields


MISHAPS = [
    Mishap("nothing goes wrong"),
    Mishap("started again, nothing changed", again=True),
    Mishap("the first two answers are lost", [lost(effect="drop", times=2)]),
    Mishap("the first three answers are a 502", [lost(effect="error", status=502, times=3)]),
    Mishap("killed before the answer is there", [lost(effect="delay", delay_s=3.0)], killed=True),
    Mishap("three jobs fail once", [{"effect": "job_error", "times": 3}]),
    Mishap("two people start it at the same time", at_once=2),
]


class Cloud:
    """The local cloud, seen by who sets it up and counts at the end."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None):
        """The answer to a request that no fault is meant for."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def jobs(self):
        """Every job there is."""
        return self.ask("GET", f"/api/v2/jobs?limit=100&project_id={PROJECT}")["data"]

    def batches(self):
        """Every batch there is."""
        return self.ask("GET", f"/api/v1/batches?limit=100&project_id={PROJECT}")["data"]


@contextmanager
def local_cloud(folder):
    """A local cloud with its control, in a process of its own."""
    settings = folder / "cloud.toml"
    settings.write_text("[control]\nenabled = true\n", encoding="utf-8")
    store = folder / "store"
    words = [sys.executable, "-m", "runner.local", "--store", str(store), "--config", str(settings)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            yield Cloud(_address(store / "server.json"))
        finally:
            process.send_signal(signal.SIGTERM)


def _address(written):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            return json.loads(written.read_bytes())["url"]
        except (OSError, ValueError):
            time.sleep(0.02)
    raise TimeoutError(f"{written} was not written")


class Ours:
    """An experiment file and `runner apply`."""

    def __init__(self, folder, url):
        self._folder = folder
        (folder / "specs").mkdir(parents=True)
        (folder / "specs" / "sweep.yaml").write_text(_EXPERIMENT, encoding="utf-8")
        settings = _SETTINGS.format(url=url)
        (folder / "runner.toml").write_text(settings, encoding="utf-8")

    def start(self):
        """A process that works."""
        return _process(self._folder, sys.executable, "-m", "runner", "apply", "--yes", "specs")

    def points(self):
        """How many points have their counts."""
        project = Project.open(self._folder)
        (experiment,) = project.load([self._folder / "specs"])
        return sum(job.runs.measured >= RUNS for job in Declared(project, experiment).results())


class Script:
    """A script over the official SDK."""

    def __init__(self, folder, url, *, keeps_id=False):
        folder.mkdir(parents=True)
        self._folder, self._results = folder, folder / "results.json"
        wanted = {
            "project_id": PROJECT,
            "device_type": "EMU_FREE",
            "sequence": _sequence(folder),
            "jobs": [{"runs": RUNS, "variables": {"t_ns": t}} for t in TIMES],
        }
        (folder / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        self._words = [url, "wanted.json", "results.json", *(["id.txt"] if keeps_id else [])]

    def start(self):
        """A process that works."""
        return _process(self._folder, sys.executable, str(HERE / "sdk_script.py"), *self._words)

    def points(self):
        """How many points have their counts."""
        return len(json.loads(self._results.read_text(encoding="utf-8"))) if self._results.exists() else 0


def _sequence(folder):
    """The same sequence as the experiment file's, as it is sent."""
    (folder / "specs").mkdir()
    (folder / "specs" / "sweep.yaml").write_text(_EXPERIMENT, encoding="utf-8")
    (experiment,) = Project.open(folder).load([folder / "specs"])
    return experiment.desired.sequence


def _process(folder, *words):
    return subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def tool(name, folder, url):
    """A tool in a folder of its own."""
    return Ours(folder, url) if name == "ours" else Script(folder, url, keeps_id=name == "keeps id")


def measured(name, mishap):
    """What a tool makes of a mishap: starts, batches with jobs, runs bought, points without counts."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with local_cloud(folder) as cloud:
            tools = [tool(name, folder / f"clone-{n}", cloud.url) for n in range(mishap.at_once)]
            cloud.ask("PUT", "/control/faults", mishap.faults)
            starts = _until_all_end_well(tools, mishap, cloud)
            cloud.ask("PUT", "/control/faults", [])
            jobs = cloud.jobs()
            return {
                "starts": starts,
                "batches": sum(batch["jobs_count"] > 0 for batch in cloud.batches()),
                "runs": sum(job["runs"] for job in jobs if job["status"] not in {"CANCELED", "ERROR"}),
                "lost": len(TIMES) - max(each.points() for each in tools),
            }


def _until_all_end_well(tools, mishap, cloud):
    """Starts every tool again until it ends well; answers how many starts that took."""
    starts = 0
    processes = [each.start() for each in tools]
    if mishap.killed:
        _kill_once_bought(processes[0], cloud)
    for each, process in zip(tools, processes, strict=True):
        starts += 1
        while process.wait(timeout=PATIENCE_S) and starts < MOST_STARTS * len(tools):
            process = each.start()  # noqa: PLW2901  (the next try)
            starts += 1
        if mishap.again:
            each.start().wait(timeout=PATIENCE_S)
            starts += 1
    return starts


def _kill_once_bought(process, cloud):
    deadline = time.monotonic() + PATIENCE_S
    while not cloud.jobs() and process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError("nothing was bought")
        time.sleep(0.01)
    process.kill()
    process.wait()


def table(rows):
    """Markdown."""
    lines = [
        "| what happens | tool | starts | batches with jobs | runs bought | of | points without result |",
        "|---|---|---|---|---|---|---|",
    ]
    asked = RUNS * len(TIMES)
    for title, name, row in rows:
        cells = (title, TOOLS[name], row["starts"], row["batches"], row["runs"], asked, row["lost"])
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main():
    """Measures, prints, and writes into a page if it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    page = parser.parse_args().write
    rows = []
    for mishap in MISHAPS:
        for name in TOOLS:
            row = measured(name, mishap)
            sys.stderr.write(f"{mishap.title}, {name}: {row}\n")
            rows.append((mishap.title, name, row))
    made = table(rows)
    sys.stdout.write(made + "\n")
    if page:
        write_between(page, MARKS, f"{made}\n")


if __name__ == "__main__":
    main()

"""Requests of a closed loop: `python tests/benchmarks/loop_requests.py [--write docs/from-a-loop.md]`.

The same iterations, of one job each, by a strategy in one open batch, by one with a batch a round, and by a
script over Pulser's `open_batch`. What each asks of a local cloud is counted at a proxy, by kind.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "contract"))

from pages import write_between  # noqa: E402  (a script has only its own folder on its path)
from recording_server import RecordingServer  # noqa: E402  (a script has only its own folder on its path)
from side_by_side import PROJECT, local_cloud  # noqa: E402

from runner.project import Project  # noqa: E402

MARKS = ("<!-- requests -->\n", "<!-- end of the requests -->\n")
PATIENCE_S = 1800
KINDS = ("purchases", "results", "others", "polls")  # polls last: they depend on how long a job takes

_EXPERIMENT = """\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: loop}}
spec:
  device_type: EMU_FREE
  sequence:
    device: MockDevice
    register: {{coordinates_um: {{q0: [0, 0]}}}}
    channels: {{drive: rydberg_global}}
    variables: {{omega: float}}
    operations:
      - pulse: {{channel: drive, amplitude: omega, detuning: 0, duration_ns: 400}}
  strategy:
    kind: sobol
    ask: 1
    over: {{omega: {{uniform: [1, 10]}}}}
    runs: 50
    first: {{sobol: 1}}
    objective: {{maximize: p, let: {{p: {{probability: ["1"]}}}}}}
    stop: {{rounds: {rounds}}}
    batch: {batch}
"""

_SETTINGS = """\
namespace = "lab"
target = "cloud"
[targets.cloud]
url = "{url}"
settle_s = 0.5
poll_s = 0.2
"""


@dataclass(frozen=True)
class Loop:
    """Who asks for the jobs.

    Args:
        batch: Of the strategy; None for the script.

        polls: How the paths end that it asks again and again while a job is under way.
    """

    title: str
    batch: str | None
    polls: tuple[str, ...] = ("/batches", "/jobs")

    def words(self, folder, url, iterations):
        """What Python is started with, in a folder that is made ready for it."""
        (folder / "specs").mkdir()
        experiment = _EXPERIMENT.format(rounds=iterations - 1, batch=self.batch or "per-round")
        (folder / "specs" / "loop.yaml").write_text(experiment, encoding="utf-8")
        (folder / "runner.toml").write_text(_SETTINGS.format(url=url), encoding="utf-8")
        if self.batch:
            return ["-m", "runner", "apply", "--yes", "specs"]
        (experiment,) = Project.open(folder).load([folder / "specs"])
        (folder / "sequence.json").write_text(experiment.desired.sequence, encoding="utf-8")
        return [str(HERE / "pulser_loop.py"), url, PROJECT, "sequence.json", str(iterations)]


LOOPS = (
    Loop("a strategy, `batch: {held: …}`", "{held: {think_limit_s: 60}}"),
    Loop("a strategy, a batch a round", "per-round"),
    Loop("Pulser's `open_batch`", None, polls=("/status",)),
)


def counted(loop, iterations):
    """Requests of a loop by their kind; all its jobs are done."""
    server = RecordingServer()
    try:
        with tempfile.TemporaryDirectory() as text, local_cloud(Path(text)) as cloud:
            words = loop.words(Path(text), server.url, iterations)
            with server.in_front_of(cloud.url) as tape:
                subprocess.run(
                    [sys.executable, *words],
                    cwd=text,
                    env=os.environ | {"PYTHONWARNINGS": "ignore"},
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=PATIENCE_S,
                )
            done = sum(job["status"] == "DONE" for job in cloud.jobs())
            if done != iterations:
                raise SystemExit(f"{loop.title}: {done} jobs are done, not {iterations}")
    finally:
        server.close()
    return by_kind(((each.method, each.path) for each in tape.heard), loop.polls)


def by_kind(asked, polls):
    """How many requests bought, fetched a result, asked whether a job is done, or did something else.

    A job is under way from when it was added to its batch until a result is asked for.
    """
    found, is_under_way = Counter(dict.fromkeys(KINDS, 0)), False
    for method, path in asked:
        is_result = "/results" in path
        is_bought = method == "POST" and path.endswith("/jobs")
        is_under_way = (is_under_way or is_bought) and not is_result
        if method == "POST":
            found["purchases"] += 1
        elif is_result:
            found["results"] += 1
        elif method == "GET" and is_under_way and path.endswith(polls):
            found["polls"] += 1
        else:
            found["others"] += 1
    return dict(found)


def apart_from_polls(found):
    """How many requests there are however long a job waits."""
    return sum(found.values()) - found["polls"]


def table(iterations):
    """Markdown."""
    lines = [
        f"| {iterations} iterations of one job | purchases | results | others | together | polls |",
        "|---|---|---|---|---|---|",
    ]
    for loop in LOOPS:
        found = counted(loop, iterations)
        sys.stderr.write(f"{loop.title}: {found}\n")
        cells = (*(found[kind] for kind in KINDS[:-1]), apart_from_polls(found), found["polls"])
        lines.append(f"| {loop.title} | " + " | ".join(f"{n:,}" for n in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, choices=range(2, 101), metavar="2-100", default=100)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    said = parser.parse_args()
    made = table(said.iterations)
    if not said.write:
        sys.stdout.write(made)
        return
    write_between(said.write, MARKS, made)


if __name__ == "__main__":
    main()

"""Starting, reading and building: `python tests/benchmarks/experiment_file.py`.

Start-up of the command against the import of Pulser; reading large files against PyYAML's C loader alone and
a plain pydantic load; building large sweeps, and a repository of 500 files. Every figure is the least of
several runs that take turns with their peers, as others may be at work on the machine: how loaded it was is
said. Compare only ratios of one run. For Linux and macOS, which tell what a child process cost.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import yaml
from client import say
from pydantic import BaseModel
from reconciler import a_lab
from repositories import N_JOBS, write_spec

from runner.spec import parse
from runner.spec.format.formatter import formatted

_EXPLICIT = "    - {{runs: 100, variables: {{omega: {omega:.4f}, t_ns: {t_ns}}}}}\n"


class PlainJob(BaseModel):
    """A job as a program would write it that checks types and nothing else."""

    runs: int
    variables: dict[str, float]


class PlainSpec(BaseModel):
    """The jobs of a file; all else is passed over."""

    jobs: list[PlainJob]


class PlainFile(BaseModel):
    """An experiment file."""

    spec: PlainSpec


def cost_of_process(*words, cwd=None):
    """Seconds and CPU seconds of a process, its children included; its output is dropped."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=cwd, check=False)
    took_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost_of_call(call):
    """Seconds and CPU seconds of some work in this process."""
    gc.collect()
    begun, cpu_s = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - begun, time.process_time() - cpu_s


def least(works, repetitions):
    """The least seconds and CPU seconds of each work; they take turns."""
    rounds = [[work() for work in works.values()] for _ in range(repetitions)]
    return {
        name: tuple(min(costs[i] for costs in column) for i in (0, 1))
        for name, column in zip(works, zip(*rounds, strict=True), strict=True)
    }


def table(title, rows, peer, goals=()):
    """Costs as a table; the last columns say how many times as much as the peer it is."""
    yield title
    yield f"  {'':48}{'seconds':>9}{'CPU s':>8}   {'seconds':>8}{'CPU':>8}  of {peer}"
    for name, (wall_s, cpu_s) in rows.items():
        ratios = (wall_s / rows[peer][0], cpu_s / rows[peer][1])
        yield f"  {name:48}{wall_s:9.3f}{cpu_s:8.3f}   {ratios[0]:7.2f}×{ratios[1]:7.2f}×"
    yield from (f"  goal: {goal}" for goal in goals)
    yield f"  load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    yield ""


def starting(repetitions):
    """What it takes to begin."""
    with a_lab(1, 0) as (folder, _):
        here = {"cwd": folder}
        cost_of_process("-m", "runner", "plan", **here)  # compiles
        works = {
            "import pulser": lambda: cost_of_process("-c", "import pulser"),
            "runner --help": lambda: cost_of_process("-m", "runner", "--help"),
            "runner validate, of an unchanged file": lambda: cost_of_process(
                "-m", "runner", "validate", "specs", **here
            ),
            "runner plan, with nothing to do": lambda: cost_of_process("-m", "runner", "plan", **here),
        }
        rows = least(works, repetitions)
    goals = ("--help and plan take 0.35 times the import of Pulser",)
    yield from table("starting", rows, "import pulser", goals)


def explicit(n_jobs):
    """Text of a file that writes out every job."""
    with tempfile.TemporaryDirectory() as folder:
        write_spec(Path(folder), "many", number=0, n_jobs=N_JOBS)
        text = (Path(folder) / "specs" / "many.yaml").read_text(encoding="utf-8")
    head = text.partition("    - runs:")[0]
    return head + "".join(
        _EXPLICIT.format(omega=1 + i / 10_000, t_ns=100 + 4 * (i % 100)) for i in range(n_jobs)
    )


def swept(n_jobs):
    """Text of a file with a sweep of so many points."""
    with tempfile.TemporaryDirectory() as folder:
        write_spec(Path(folder), "many", number=0, n_jobs=n_jobs, n_times=100)
        return (Path(folder) / "specs" / "many.yaml").read_text(encoding="utf-8")


def reading(n_explicit, n_swept, repetitions):
    """From text to jobs, as far as it goes without Pulser; garbage is collected as in the command."""
    written, sweep = explicit(n_explicit), swept(n_swept)
    content = yaml.load(written, Loader=yaml.CSafeLoader)
    floor = "PyYAML's C loader alone"
    works = {
        floor: lambda: cost_of_call(lambda: yaml.load(written, Loader=yaml.CSafeLoader)),
        "the same, and a plain pydantic load": lambda: cost_of_call(
            lambda: PlainFile.model_validate(yaml.load(written, Loader=yaml.CSafeLoader))
        ),
        "the plain pydantic load by itself": lambda: cost_of_call(lambda: PlainFile.model_validate(content)),
        "runner.spec": lambda: cost_of_call(lambda: parse(written, path="x.yaml")),
        "runner.spec, put into form": lambda: cost_of_call(lambda: formatted(written, path="x.yaml")),
        f"runner.spec, a sweep of {n_swept:,} jobs": lambda: cost_of_call(
            lambda: parse(sweep, path="x.yaml")
        ),
    }
    gc.freeze()
    gc.set_threshold(200_000, *gc.get_threshold()[1:])
    goals = ("runner.spec takes 2 times the C loader",)
    title = f"reading {n_explicit:,} jobs that are written out"
    yield from table(title, least(works, repetitions), floor, goals)


def validating(n_swept, n_explicit, n_files):
    """`runner validate`, with every job built by Pulser: at first, after one more job, and unchanged."""
    yield "runner validate"
    yield f"  {'':48}{'at first':>18}{'one job more':>18}{'unchanged':>18}"
    texts = {
        f"a sweep of {n_swept:,} jobs": swept(n_swept),
        f"{n_explicit:,} jobs that are written out": explicit(n_explicit),
    }
    for name, text in texts.items():
        with tempfile.TemporaryDirectory() as folder:
            yield f"  {name:48}{_validated(Path(folder), text)}"
    with a_lab_of_files(n_files) as folder:
        costs = [cost_of_process("-m", "runner", "validate", "specs", cwd=folder) for _ in range(2)]
    yield f"  {f'{n_files} files of {N_JOBS} jobs':48}{_told(costs[0])}{'':18}{_told(costs[1])}"
    yield "  seconds and CPU s, each measured once"
    yield f"  load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    yield ""


def _validated(folder, text):
    (folder / "runner.toml").write_text('namespace = "bench"\n[limits]\njobs = 200000\n', encoding="utf-8")
    file = folder / "many.yaml"
    costs, more = [], text + _EXPLICIT.format(omega=7.0, t_ns=1000)
    for each in (text, more, more):
        file.write_text(each, encoding="utf-8")
        costs.append(cost_of_process("-m", "runner", "validate", "many.yaml", cwd=folder))
    return "".join(map(_told, costs))


def _told(cost):
    return f"{cost[0]:9.2f}{cost[1]:9.2f}"


@contextmanager
def a_lab_of_files(n_files):
    """A repository of experiment files that were never compiled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runner.toml").write_text('namespace = "bench"\n', encoding="utf-8")
        for number in range(n_files):
            write_spec(folder, f"exp-{number:04}", number=number, n_jobs=N_JOBS)
        yield folder


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--repetitions", type=int, default=5, help="of what is short (default: 5)")
    parser.add_argument("--only", choices=["starting", "reading", "validating"], help="one table")
    given = parser.parse_args()
    part = 10 if given.quick else 1
    tables = {
        "starting": lambda: starting(given.repetitions),
        "reading": lambda: reading(10_000 // part, 100_000 // part, given.repetitions),
        "validating": lambda: validating(100_000 // part, 10_000 // part, 500 // part),
    }
    for name, lines in tables.items():
        if given.only in (None, name):
            say(lines())


if __name__ == "__main__":
    main()

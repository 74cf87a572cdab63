"""A pass that finds nothing to do, and planning large experiments: `python tests/benchmarks/reconciler.py`.

500 experiments of 50 jobs, all on record: how many requests, how much time and memory it takes to see that
nothing is left to do, against a script of the official SDK that looks at each batch and its jobs. Then the
planner, alone and from a sweep in a file. All numbers of a table are of one run: numbers of different runs,
or machines, say nothing. Not for Windows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from client import canned_cloud, requests_since, say
from reconciling import SCENES
from repositories import N_JOBS, write_spec

HERE = Path(__file__).parent
NAMES = {
    "sdk": "SDK, plain script",
    "command": "runner apply, the command",
    "apply": "the same in Python, without tables",
    "passes": "second pass of one process",
}


@contextmanager
def a_lab(n_experiments, latency_s):
    """A repository, and a server in a process of its own that lists its batches."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: on Linux, a process that is started counts its parent's memory as its own.
        words = [sys.executable, str(HERE / "repositories.py"), str(folder), str(n_experiments)]
        listing = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
        (folder / "listing.json").write_bytes(listing)
        with canned_cloud(latency_s, folder / "listing.json") as url:
            (folder / "url").write_text(url, encoding="utf-8")
            (folder / "runner.toml").write_text(
                f'namespace = "bench"\ntarget = "canned"\n[targets.canned]\nurl = "{url}"\n', encoding="utf-8"
            )
            yield folder, url


def in_process(*words):
    """What some work cost in a fresh process, and how long the process took as a whole (in s)."""
    begun = time.perf_counter()
    process = [sys.executable, str(HERE / "reconciling.py"), *map(str, words)]
    said = json.loads(subprocess.run(process, check=True, stdout=subprocess.PIPE).stdout)
    return {"wall_s": time.perf_counter() - begun, **said}


def by_command(folder):
    """What `runner apply` cost, its tables included."""
    script = (
        "import resource, sys, time; from runner.cli import main; code = main(sys.argv[1:]);"
        "sys.stderr.write(f'\\n{code} {time.process_time()}"
        " {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}')"
    )
    words = [sys.executable, "-c", script, "apply", str(folder / "specs"), "--yes"]
    begun = time.perf_counter()
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=folder)
    code, cpu_s, peak = done.stderr.splitlines()[-1].split()
    if code != "0":
        raise SystemExit(done.stderr)
    peak_mb = int(peak) * (1 if sys.platform == "darwin" else 1024) / 1e6
    return {"wall_s": time.perf_counter() - begun, "cpu_s": float(cpu_s), "peak_mb": peak_mb}


def nothing_to_do(n_experiments, latency_s, repetitions):
    """A pass over experiments that are all finished and on record."""
    works = {
        "sdk": lambda folder: in_process("sdk", folder),
        "command": by_command,
        "apply": lambda folder: in_process("apply", folder),
        "passes": lambda folder: in_process("passes", folder),
    }
    rows = {}
    with a_lab(n_experiments, latency_s) as (folder, url):
        for peer, work in works.items():
            rounds = []
            for _ in range(1 if peer == "sdk" else repetitions):
                requests_since(url)
                rounds.append(work(folder) | {"requests": requests_since(url)})
            rows[peer] = {key: median(each[key] for each in rounds) for key in rounds[0]}
    rows["passes"]["requests"] /= 2
    yield f"nothing to do: {n_experiments} experiments of {N_JOBS} jobs, {1000 * latency_s:g} ms a request"
    yield f"  {'':36}{'requests':>9}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}"
    for peer, row in rows.items():
        yield (
            f"  {NAMES[peer]:36}{row['requests']:9.0f}{row['wall_s']:9.2f}{row['cpu_s']:8.2f}"
            f"{row['peak_mb']:9.1f}"
        )
    pages = -(-n_experiments // 100)
    yield f"  goals: {pages} requests and less than 2 s of CPU in a fresh process"
    yield ""


def planning(sizes):
    """The planner alone."""
    yield "planning one experiment (CPU s, and peak MB of the process)"
    yield f"  {'jobs':28}" + "".join(f"{size:>18,}" for size in sizes) + f"{'growth':>9}"
    for scene in SCENES:
        rows = [in_process("planning", scene, size) for size in sizes]
        texts = [f"{row['cpu_s']:10.3f} s{row['peak_mb']:4.0f} MB" for row in rows]
        growth = rows[-1]["cpu_s"] / max(rows[0]["cpu_s"], 1e-6) / (sizes[-1] / sizes[0])
        yield f"  {scene:28}{''.join(f'{text:>18}' for text in texts)}{growth:8.2f}×"
    yield "  growth: seconds a job of the largest, over those of the smallest; 1 is linear"
    yield ""


def loading(sizes):
    """From a sweep in a file to a plan: compiled with Pulser, and with what was kept of that."""
    yield "from a sweep in a file to its plan (in s)"
    yield f"  {'jobs':>9}{'compiled':>11}{'kept':>9}{'planned':>9}{'peak MB':>9}"
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "runner.toml").write_text('namespace = "bench"\n', encoding="utf-8")
            write_spec(folder, "big", number=0, n_jobs=size, n_times=50)
            first, again = (in_process("loading", folder) for _ in range(2))
        yield (
            f"  {size:9,}{first['load_s']:11.2f}{again['load_s']:9.2f}{again['plan_s']:9.3f}"
            f"{again['peak_mb']:9.1f}"
        )
    yield ""


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 experiments; 10,000 jobs at most")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="of every request (default: 20)")
    parser.add_argument("--repetitions", type=int, default=3, help="of all but the SDK's script")
    parser.add_argument("--only", choices=["nothing", "planning", "loading"], help="one table")
    given = parser.parse_args()
    sizes = (1000, 10_000) if given.quick else (1000, 10_000, 100_000)
    tables = {
        "nothing": lambda: nothing_to_do(
            100 if given.quick else 500, given.latency_ms / 1000, given.repetitions
        ),
        "planning": lambda: planning(sizes),
        "loading": lambda: loading(sizes[:1] if given.quick else sizes),
    }
    for name, table in tables.items():
        if given.only in (None, name):
            say(table())


if __name__ == "__main__":
    main()

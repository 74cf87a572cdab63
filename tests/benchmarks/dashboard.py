"""What pages of 500 experiments of 50 jobs cost: `python tests/benchmarks/dashboard.py [N_EXPERIMENTS]`.

The first page by its size and by the time of the server, how long a record takes to be on it, and what 20
viewers cost the cloud. Writes a repository anew, which takes a minute.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import requests
from repositories import a_repository

from runner import dashboard
from runner.project import Project

VIEWERS = 20


def main(n_experiments=500):
    """Writes what was measured, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        a_repository(root, n_experiments)
        measure_here(Project.at(root))
        sys.stdout.write(json.dumps(measured(root), indent=2) + "\n")


def measure_here(project):
    """Says of each record that it was measured at the target."""
    for name in project.records.recipes():
        jobs = project.records.of_experiment(name)
        project.records.add(name, [replace(job, target=project.site.target) for job in jobs])


def measured(root):
    """The figures of a repository."""
    looks = []
    with counted_looks(looks):
        lookout = dashboard.Lookout(Project.at(root), [root / "specs"], poll_s=10.0)
        begun_s = time.monotonic()
        with dashboard.serving(lookout, dashboard.Protection(), "127.0.0.1", 0) as url, lookout.looking():
            while not lookout.sight.recorded:
                time.sleep(0.05)
            ready_s = time.monotonic() - begun_s
            return {"ready_s": ready_s, **first_page(lookout, url), **freshness(root, lookout, url)} | {
                f"looks_with_{VIEWERS}_viewers_in_30_s": watched(url, looks, 30.0)
            }


@contextmanager
def counted_looks(looks):
    """Each look at the target is noted; it sees nothing, so that no cloud is measured."""
    real, Project.look = Project.look, lambda self, some: looks.append(len(some)) or []
    try:
        yield
    finally:
        Project.look = real


def first_page(lookout, url):
    """Its size, and the time of the server where nothing is kept of it, and where all is."""
    text = requests.get(url, timeout=60).content
    anew, kept = [], []
    for _ in range(15):
        with lookout._turn:
            lookout._show()  # another version
        anew.append(elapsed_ms(url))
        kept.append(elapsed_ms(url))
    return {
        "page_kb": len(text) / 1e3,
        "page_gzip_kb": len(gzip.compress(text, 6)) / 1e3,
        "anew_ms": statistics.median(anew),
        "kept_ms": statistics.median(kept),
    }


def elapsed_ms(url):
    """How long the first page takes, on this machine."""
    begun_s = time.perf_counter()
    requests.get(url, timeout=60)
    return 1e3 * (time.perf_counter() - begun_s)


def freshness(root, lookout, url):
    """How long a record takes from being written to being on the page (in s)."""
    taken = []
    for name in list(lookout.sight.experiments)[:5]:
        jobs = lookout.sight.recorded[name]
        moved = replace(jobs[0], errors=(f"seen by {time.monotonic_ns()}",))
        lookout.project.records.add(name, [moved])
        begun_s = time.monotonic()
        while moved.errors[0] not in requests.get(f"{url}experiments/{name}/index.json", timeout=60).text:
            time.sleep(0.02)
        taken.append(time.monotonic() - begun_s)
    return {"record_to_page_s": max(taken)}


def watched(url, looks, seconds):
    """How often the target was looked at while many follow the pages."""
    before, ends_s = len(looks), time.monotonic() + seconds

    def follow():
        with requests.get(f"{url}events", stream=True, timeout=60) as news:
            for _ in news.iter_lines():
                requests.get(url, timeout=60)
                if time.monotonic() > ends_s:
                    return

    threads = [Thread(target=follow, daemon=True) for _ in range(VIEWERS)]
    for each in threads:
        each.start()
    time.sleep(seconds)
    return len(looks) - before


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Results that are loaded and harvested: `python tests/benchmarks/results.py`.

Loading: an experiment of 10,000 jobs whose records lie in 200 files, as our values and as tables and arrays,
beside `json.loads` of the same lines, which is the floor, and pandas' own reader. Harvest: 1,000 jobs have
ended, and a pass fetches and records all results, beside a plain script of the official SDK, which fetches
them and records none. Every work is done in a fresh process, in turns, and the median is shown; compare only
numbers of one run. Not for Windows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from client import canned_cloud, requests_since, say
from loading_results import listing
from repositories import N_JOBS

HERE = Path(__file__).parent
NAMES = {
    "floor": "json.loads of every line",
    "pandas": "pandas.read_json(lines=True)",
    "records": "ours: values of every line",
    "results": "ours: Experiment.results()",
    "to_pandas": "  and then .to_pandas()",
    "to_xarray": "  and then .to_xarray()",
    "sdk": "SDK, plain script",
    "ours": "ours, on record",
}


def said_by(*words):
    """What a work in a fresh process says."""
    process = [sys.executable, str(HERE / "loading_results.py"), *map(str, words)]
    return json.loads(subprocess.run(process, check=True, stdout=subprocess.PIPE).stdout)


def medians(rounds):
    """The median of each number."""
    return {key: median(each[key] for each in rounds) for key in rounds[0]}


def loading(n_batches, repetitions):
    """Records on disk as values, tables and arrays."""
    works = ("floor", "pandas", "records", "results", "to_pandas", "to_xarray")
    with tempfile.TemporaryDirectory() as folder:
        size = said_by("write", folder, n_batches)
        rounds = [{work: said_by(work, folder) for work in works} for _ in range(repetitions)]
    rows = {work: medians([each[work] for each in rounds]) for work in works}
    wrong = [work for work in works if rows[work]["jobs"] != size]
    if wrong:
        raise SystemExit(f"not all of {size} jobs: {wrong}")
    yield f"loading {size} jobs from {n_batches} files, {N_JOBS} jobs each (median of {repetitions})"
    yield f"  {'':36}{'seconds':>9}{'CPU s':>8}{'grown MB':>10}{'CPU, of the floor':>19}"
    for work, row in rows.items():
        times = row["cpu_s"] / rows["floor"]["cpu_s"]
        numbers = f"{row['wall_s']:9.3f}{row['cpu_s']:8.3f}{row['grown_mb']:10.1f}{times:18.2f}×"
        yield f"  {NAMES[work]:36}{numbers}"
    yield "  goal: values of every line in less than 3× the floor"
    yield ""


def harvest(size, latency_s, repetitions):
    """Results of jobs that have ended, fetched and put on record."""
    with tempfile.TemporaryDirectory() as name:
        batches = Path(name, "listing.json")
        batches.write_text(json.dumps(listing(size)), encoding="utf-8")
        with canned_cloud(latency_s, batches) as url:
            rows = {
                "sdk": medians([_counted(url, "sdk", url, size)]),
                "ours": medians([_harvested(url, size) for _ in range(repetitions)]),
            }
    yield f"harvest of {size} results, {1000 * latency_s:g} ms a request (ours: median of {repetitions})"
    yield f"  {'':36}{'requests':>9}{'seconds':>9}{'CPU s':>8}{'seconds, of ours':>18}"
    for work, row in rows.items():
        times = row["wall_s"] / rows["ours"]["wall_s"]
        yield f"  {NAMES[work]:36}{row['requests']:9.0f}{row['wall_s']:9.2f}{row['cpu_s']:8.2f}{times:17.1f}×"
    yield "  goal: at most a tenth of the script's time"
    yield ""


def _harvested(url, size):
    with tempfile.TemporaryDirectory() as folder:
        return _counted(url, "ours", url, size, folder)


def _counted(url, *words):
    requests_since(url)
    return said_by(*words) | {"requests": requests_since(url)}


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 jobs to load, 200 results to harvest")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="of every request (default: 20)")
    parser.add_argument("--repetitions", type=int, default=5, help="of all but the SDK's script")
    parser.add_argument("--only", choices=["loading", "harvest"], help="one table")
    given = parser.parse_args()
    if given.only in (None, "loading"):
        say(loading(40 if given.quick else 200, given.repetitions))
    if given.only in (None, "harvest"):
        say(harvest(200 if given.quick else 1000, given.latency_ms / 1000, given.repetitions))


if __name__ == "__main__":
    main()

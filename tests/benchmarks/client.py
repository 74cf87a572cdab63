"""The client against the official SDK, on a server on loopback: `python tests/benchmarks/client.py`.

Every peer does the same work in a fresh process, in turns, and the median is shown. Compare only numbers of
one run: another run, or another machine, has others. For Linux and macOS, which tell a process's memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent

NAMES = {
    "sdk": "SDK, plain script",
    "sdk-threads": "SDK, 32 threads on one client",
    "sdk-per-thread": "SDK, 32 threads with a client each",
    "json": "json.loads alone",
    "ours": "ours",
}


@dataclass(frozen=True)
class Case:
    """One piece of work and who does it."""

    title: str
    work: str
    size: int
    peers: tuple[str, ...]
    once: tuple[str, ...] = ()  # too slow to be repeated


def cases(*, quick):
    """What is measured; quick is a fifth of the slow part."""
    jobs = 200 if quick else 1000
    in_threads = ("sdk-threads", "sdk-per-thread")
    return [
        Case(f"results of {jobs} jobs", "results", jobs, ("sdk", *in_threads, "ours"), once=("sdk",)),
        Case("a batch of 10000 jobs, page by page", "batch", 10_000, ("sdk", "ours")),
        Case("a batch of 10000 jobs, loaded from one answer", "load", 10_000, ("sdk", "json", "ours")),
    ]


@contextmanager
def canned_cloud(latency_s, *listing):
    """The URL of a server in a process of its own."""
    words = [sys.executable, str(HERE / "canned_cloud.py"), str(latency_s), *map(str, listing)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()  # which ends it


def said_by(*words):
    """What a peer in a fresh process says."""
    process = [sys.executable, str(HERE / "peers.py"), *map(str, words)]
    return json.loads(subprocess.run(process, check=True, stdout=subprocess.PIPE).stdout)


def requests_since(url):
    """How many requests the server has seen since it was last asked."""
    with urllib.request.urlopen(f"{url}/requests") as answer:
        return json.load(answer)


def measured(case, url, repetitions):
    """The median of what each peer needed, by peer."""
    found = {peer: [] for peer in case.peers}
    for repetition in range(repetitions):
        for peer in case.peers:
            if repetition and peer in case.once:
                continue
            requests_since(url)
            said = said_by(peer, case.work, url, case.size)
            # The loaded answer was fetched before the clock started.
            found[peer].append(said | {"requests": requests_since(url) - (case.work == "load")})
    return {
        peer: {key: median(each[key] for each in rounds) for key in rounds[0]} | {"times": len(rounds)}
        for peer, rounds in found.items()
    }


def report(case, rows):
    """One case as a table; the last columns say how many times as much the peer needs as we do."""
    ours = rows["ours"]
    yield f"{case.title}"
    yield (
        f"  {'':36}{'requests':>9}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'grown MB':>9}{'runs':>6}"
        f"   {'seconds':>8}{'CPU':>7}{'grown':>7}  of ours"
    )
    for peer, row in rows.items():
        grown, our_growth = (each["peak_mb"] - each["idle_mb"] for each in (row, ours))
        ratios = (row["wall_s"] / ours["wall_s"], row["cpu_s"] / ours["cpu_s"], grown / max(our_growth, 0.1))
        yield (
            f"  {NAMES[peer]:36}{row['requests']:9.0f}{row['wall_s']:9.3f}{row['cpu_s']:8.3f}"
            f"{row['peak_mb']:9.1f}{grown:9.1f}{row['times']:6d}   "
            f"{ratios[0]:7.2f}×{ratios[1]:6.2f}×{ratios[2]:6.2f}×"
        )
    yield ""


def waiting(url, ends_s):
    """How late the end of a batch is noticed, in real time: all batches and both peers wait side by side."""
    peers = ("sdk", "ours")
    with ThreadPoolExecutor() as pool:
        lateness = list(pool.map(lambda peer: said_by(peer, "wait", url, *ends_s), peers))
    yield "noticing the end of a batch: seconds late, from closing to the refreshed batch"
    yield f"  {'batch ends after (s)':36}" + "".join(f"{end_s:8g}" for end_s in ends_s) + f"{'median':>9}"
    for peer, late_s in zip(peers, lateness, strict=True):
        yield f"  {NAMES[peer]:36}" + "".join(f"{each:8.2f}" for each in late_s) + f"{median(late_s):9.2f}"
    yield ""


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 results instead of 1000, short waits")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="of every request (default: 20)")
    parser.add_argument("--repetitions", type=int, default=5, help="of all but the plain script's results")
    parser.add_argument("--only", choices=["results", "batch", "load", "wait"], help="one case")
    given = parser.parse_args()
    with canned_cloud(given.latency_ms / 1000) as url:
        for case in cases(quick=given.quick):
            if given.only in (None, case.work):
                say(report(case, measured(case, url, given.repetitions)))
        if given.only in (None, "wait"):
            say(waiting(url, (3, 10) if given.quick else (1, 3, 5, 10, 20, 40, 70)))


def say(lines):
    """Writes lines as soon as they are known."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

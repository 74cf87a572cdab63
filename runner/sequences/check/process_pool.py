"""Very many jobs, built by several processes.

Each is a Python of its own that reads what would be sent, as the cloud does; nothing is forked, for the
caller may have threads, and no main module of a user is imported a second time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from runner.sequences.check.job_check import BuildResult, build_results, kind_of
from runner.sequences.compiled import Built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runner.domain.json_values import JobValues

# A process takes a second to import Pulser, and builds two or three thousand jobs in a second.
_JOBS_A_PROCESS: Final = 4000
_MOST_PROCESSES: Final = 16


def built_by_others(
    text: str, jobs: Sequence[JobValues], *, processes: int | None = None
) -> list[Built | None]:
    """Jobs as other processes build them; None for one at fault, or that was not built.

    Args:
        text: Abstract representation of the sequence.

        processes: How many work; if left out, as many as the jobs are worth, and no more than there are
            cores. Fewer than two do nothing here: the caller builds the jobs itself.
    """
    count = processes_for(len(jobs), _cores()) if processes is None else processes
    found: list[Built | None] = [None] * len(jobs)
    if count <= 1:  # one is the caller
        return found
    # Long and short jobs stand in rows; every process gets some of each.
    shares = [jobs[i::count] for i in range(count)]
    with ThreadPoolExecutor(count) as pool:
        for i, share in enumerate(pool.map(partial(_of_process, text), shares)):
            found[i::count] = share
    return found


def processes_for(jobs: int, cores: int) -> int:
    """How many processes some jobs are worth."""
    return min(jobs // _JOBS_A_PROCESS, cores, _MOST_PROCESSES)


def _cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _of_process(text: str, jobs: Sequence[JobValues]) -> list[Built | None]:
    """What another process says; nothing if it fails, for whatever reason."""
    # -P: a module of the user that is called like one of Pulser's stays unused.
    words = [sys.executable, "-P", "-m", "runner.sequences.check.process_pool"]
    try:
        done = subprocess.run(  # noqa: S603  (our own module, no shell)
            words,
            input=json.dumps([text, jobs]),
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
        )
        built = [each and Built(*each) for each in json.loads(done.stdout)]
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return [None] * len(jobs)
    return built if len(built) == len(jobs) else [None] * len(jobs)


def while_wanted(jobs: Iterable[JobValues], parent: Callable[[], int] = os.getppid) -> Iterator[JobValues]:
    """The jobs, for as long as the process lives that started this one: a killed parent ends no child.

    Args:
        parent: The process that we are a child of now; another one once ours is gone.

    Raises:
        SystemExit: The parent is gone.
    """
    starter = parent()
    for job in jobs:
        if parent() != starter:
            raise SystemExit(1)
        yield job


def built_here(text: str, jobs: Iterable[JobValues]) -> list[Built | None]:
    """The same as `built_by_others`, built one by one."""
    return [*map(_built, build_results(text, jobs))]


def _built(one: BuildResult) -> Built | None:
    if one.fault is not None or one.duration_ns is None:
        return None
    return Built(one.duration_ns, kind_of(one.warnings))


if __name__ == "__main__":
    asked_text, asked_jobs = json.load(sys.stdin)
    json.dump(built_here(asked_text, while_wanted(asked_jobs)), sys.stdout)

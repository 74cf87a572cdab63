"""Plays schedules: `python tests/simulation/run.py --schedules 10000 --seed 0 [--runners 3]`.

Every seed is a schedule of faults, crashes and people's doings; what must hold is in `invariants`. A failing
one is printed as Python for a test, without the events that do not matter. `--replay SEED` tells its story.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from history import broken, play, told  # noqa: E402  (a script has only its own folder on its path)
from schedules import schedule, shrunk  # noqa: E402

_CHUNK = 25
_SHRUNK = 3


def played(seeds, fixed):
    """What was broken, by seed, and how much happened in all."""
    wrong, happened = {}, Counter()
    for seed in seeds:
        world = play(schedule(seed, **fixed))
        happened += world.happened()
        if world.judge.broken:
            wrong[seed] = world.judge.broken
    return wrong, happened


def all_played(seeds, fixed, processes):
    """The same, in several processes."""
    chunks = [seeds[i : i + _CHUNK] for i in range(0, len(seeds), _CHUNK)]
    wrong, happened = {}, Counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for some, much in pool.map(played, chunks, [fixed] * len(chunks)):
            wrong |= some
            happened += much
    return wrong, happened


def main(words):
    """Exit code 1 when anything was broken."""
    options = _options(words)
    given = {"runners": options.runners, "submission": options.submission, "batch": options.batch}
    fixed = {name: value for name, value in given.items() if value is not None}
    if options.replay is not None:
        failing = schedule(options.replay, **fixed)
        _say(failing, *told(failing))
        return bool(broken(failing))
    began = time.monotonic()
    seeds = range(options.seed, options.seed + options.schedules)
    wrong, happened = all_played(seeds, fixed, options.processes)
    much = ", ".join(f"{n} {what}" for what, n in sorted(happened.items()))
    _say(f"{len(seeds)} schedules in {time.monotonic() - began:.0f} s: {much}; {len(wrong)} broken")
    for number, (seed, faults) in enumerate(wrong.items()):
        _say(f"\nseed {seed}:", *(f"  {each}" for each in faults))
        if number < _SHRUNK:
            _say(shrunk(schedule(seed, **fixed), lambda each: bool(broken(each))))
    return bool(wrong)


def _say(*lines):
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _options(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first one's")
    parser.add_argument("--runners", type=int, choices=(1, 2, 3), help="instead of what the seed says")
    parser.add_argument("--submission", choices=("claim", "direct"), help="instead of what the seed says")
    parser.add_argument("--batch", choices=("closed", "open"), help="instead of what the seed says")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at the same time")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell the history of one seed")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

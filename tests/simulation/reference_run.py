"""Plays the world of the reference: `python tests/simulation/reference_run.py --schedules 10000 --seed 0`.

Every seed is a cloud as the reference allows it, clones with their files, and all that goes wrong; what must
hold is in `reference_judge`. A failing one is printed as Python for a test, without what does not matter.
`--replay SEED` tells its story. Schedules and numbers of processes: as many as you like.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from reference_history import REFERENCE  # noqa: E402  (a script has only its own folder on its path)
from reference_schedules import shrunk  # noqa: E402

_CHUNK = 25


def kind_of(fault):
    """What sort of fault it is: the words before the first colon that follows the time."""
    return re.sub(r"^[\d.]+ s: ", "", fault).split(":")[0]


def played(game, seeds, fixed):
    """What was broken, by seed, and how much happened in all."""
    wrong, happened = {}, Counter()
    for seed in seeds:
        try:
            world = game.play(game.schedule(seed, **fixed))
        except Exception as error:  # noqa: BLE001  (a bug of the product's is a find)
            wrong[seed] = [f"bug: {type(error).__name__}: {error}"]
            continue
        happened += world.happened()
        if world.judge.broken:
            wrong[seed] = world.judge.broken
    return wrong, happened


def all_played(game, seeds, fixed, processes):
    """The same, in several processes."""
    size = min(_CHUNK, -(-len(seeds) // processes))
    chunks = [seeds[i : i + size] for i in range(0, len(seeds), size)]
    wrong, happened = {}, Counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for some, much in pool.map(partial(played, game, fixed=fixed), chunks):
            wrong |= some
            happened += much
    return wrong, happened


def main(words, game=REFERENCE, about=__doc__):
    """Exit code 1 when anything was broken."""
    options = _options(words, about)
    fixed = dict(each.split("=", 1) for each in options.fixed)
    if options.replay is not None:
        failing = game.schedule(options.replay, **fixed)
        _say(failing, *game.told(failing))
        return bool(game.broken(failing))
    began = time.monotonic()
    seeds = range(options.seed, options.seed + options.schedules)
    wrong, happened = all_played(game, seeds, fixed, options.processes)
    took_s = time.monotonic() - began
    much = ", ".join(f"{n} {what}" for what, n in sorted(happened.items()))
    _say(f"{len(seeds)} schedules in {took_s:.0f} s: {much}; {len(wrong)} broken")
    _say_kinds(wrong)
    for number, (seed, faults) in enumerate(wrong.items()):
        if number < options.show:
            _say(f"\nseed {seed}:", *(f"  {each}" for each in faults))
        if number < options.shrink:
            kind = kind_of(faults[0])
            _say(shrunk(game.schedule(seed, **fixed), partial(_is_broken, game, kind)))
    return bool(wrong)


def _is_broken(game, kind, each):
    return any(kind_of(fault) == kind for fault in game.broken(each))


def _say_kinds(wrong):
    """How many schedules were broken in which way, and a few seeds of each."""
    seeds = {}
    for seed, faults in wrong.items():
        for kind in {kind_of(fault) for fault in faults}:
            seeds.setdefault(kind, []).append(seed)
    for kind, some in sorted(seeds.items(), key=lambda each: -len(each[1])):
        _say(f"  {len(some):5d}  {kind} (seeds {', '.join(map(str, some[:6]))})")


def _say(*lines):
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _options(words, about):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first one's")
    parser.add_argument(
        "--fixed",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="not left to the seed: clones, … nature.…",
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at the same time")
    parser.add_argument("--show", type=int, default=20, help="of how many failing ones all is said")
    parser.add_argument("--shrink", type=int, default=1, help="how many failing ones are shrunk")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell the history of one seed")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Plays seeds: `python tests/integration/fault_proxy_run.py --seeds N --first S`.

Every seed is a lab or two, what people do to their files, and a proxy before the local cloud that misbehaves:
`proxy_scripts` says what happens, and `proxy_judge` what must hold. Exit code 1 when a promise was broken.
With `--keep FOLDER` the labs of failing seeds stay, with all requests in `log.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from forking_runner import Forks  # noqa: E402  (a script has only its own folder on its path)
from proxied import ServedCloud  # noqa: E402
from proxy_judge import verdict  # noqa: E402
from proxy_scripts import script  # noqa: E402
from proxy_world import World  # noqa: E402


class Stage:
    """A served cloud, and what starts commands: for any number of seeds, one after the other."""

    def __init__(self, folder):
        self._folder, self._stack = folder, ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        errors = self._stack.enter_context((folder / "forks.log").open("w"))
        self._forks = self._stack.enter_context(Forks(errors, TMPDIR=str(folder)))
        self._cloud = self._stack.enter_context(ServedCloud(folder / "cloud"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def played(self, seed):
        """What a seed came to, and which promises were broken."""
        told = script(seed)
        played = World(self._folder / str(seed), self._cloud, self._forks).play(told, f"seed-{seed}")
        return played, verdict(told, played, self._cloud)

    def folder(self, seed):
        """Where the labs of a seed are."""
        return self._folder / str(seed)


def main(words):
    """Plays, and tells what was broken."""
    options = _options(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whatever it started ends with it
    wrong, happened, began = {}, Counter(), time.monotonic()
    with tempfile.TemporaryDirectory() as aside, Stage(options.keep or Path(aside)) as stage:
        for seed in range(options.first, options.first + options.seeds):
            at = time.monotonic()
            played, broken = stage.played(seed)
            happened += _happened(played)
            _say(f"seed {seed}: {time.monotonic() - at:.1f} s, {len(broken)} broken")
            if broken:
                wrong[seed] = broken
                _say(*(f"  {each}" for each in broken))
            _keep_or_not(stage.folder(seed), played, keeps=bool(broken and options.keep))
    much = ", ".join(f"{n} {what}" for what, n in sorted(happened.items()))
    _say(f"{options.seeds} seeds in {time.monotonic() - began:.0f} s: {much}; {len(wrong)} broken")
    _say(*_by_kind(wrong))
    return bool(wrong)


def _by_kind(wrong):
    """In how many seeds each kind of promise was broken, and in which ones first."""
    kinds = {}
    for seed, broken in wrong.items():
        for kind in sorted({each.partition(":")[0] for each in broken}):
            kinds.setdefault(kind, []).append(seed)
    return [f"  {kind}: {len(seeds)} seeds, as {seeds[:5]}" for kind, seeds in sorted(kinds.items())]


def _happened(played):
    """How much happened, by what."""
    counts = Counter(f"faults ({each['fault']})" for each in played.log if each["fault"] != "none")
    counts["requests"] = len(played.log)
    counts["commands"] = len(played.meanwhile) + len(played.again) + sum(map(len, played.rounds))
    counts["commands killed"] = sum(ended.code is None or ended.code < 0 for ended in played.meanwhile)
    counts["ends held"] = sum(ended.code == 4 for ended in played.again)
    return counts


def _keep_or_not(folder, played, *, keeps):
    if keeps:
        (folder / "log.json").write_text(json.dumps(played.log, indent=1), encoding="utf-8")
        ends = [*played.meanwhile, *(each for some in played.rounds for each in some), *played.again]
        text = "\n".join(f"--- {ended.code}\n{ended.said}" for ended in ends)
        (folder / "commands.txt").write_text(text, encoding="utf-8")
    else:
        shutil.rmtree(folder)


def _say(*lines):
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _options(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--keep", type=Path, help="a new folder that failing seeds are kept in")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

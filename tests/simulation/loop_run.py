"""Plays closed loops in the reference's world: `python tests/simulation/loop_run.py --schedules N --seed S`.

As `reference_run`; `--fixed rounds=100` makes them long.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import reference_run  # noqa: E402  (a script has only its own folder on its path)
from loop_history import LOOPS  # noqa: E402

if __name__ == "__main__":
    sys.exit(reference_run.main(sys.argv[1:], LOOPS, __doc__))

"""How long a job will keep a worker, and how many workers long jobs may have: rules over plain numbers.

The estimates are rough, by a core of today: they only have to tell seconds from minutes.
"""

from __future__ import annotations

import math

# A job that is estimated to keep a worker longer than this is a long one (in s).
LONG_S = 30.0
# Of two workers and more, so many are kept for short jobs, unless the configuration says otherwise.
KEPT_FOR_SHORT = 1
# What one state more of an atom is worth in atoms of two states.
_QUTRIT = math.log2(3)
_NS_PER_US = 1000.0


def estimate_s(
    emulator: str, n_qubits: int, duration_ns: float, *, n_bases: int = 1, n_trajectories: int = 1
) -> float:
    """How long a worker emulates a job (in s).

    Args:
        emulator: The device type whose emulator plays it.

        n_qubits: Atoms of its register.

        duration_ns: How long its sequence is (in ns).

        n_bases: How many bases it addresses; with two an atom has three states.

        n_trajectories: How often it is played with other noise.
    """
    size = n_qubits * (_QUTRIT if n_bases > 1 else 1.0)
    return n_trajectories * duration_ns / _NS_PER_US * _per_us_s(emulator, size)


def is_long(cost_s: float) -> bool:
    """Whether a job of this cost (in s) may not have every worker."""
    return cost_s > LONG_S


def most_long(workers: int, kept: int = KEPT_FOR_SHORT) -> int:
    """How many long jobs may run at once.

    Args:
        workers: How many workers there are.

        kept: How many of them are kept for short jobs; with a single worker there is nothing to keep.
    """
    return max(1, workers - kept)


def _per_us_s(emulator: str, size: float) -> float:
    """How long a microsecond of a sequence takes (in s)."""
    match emulator:
        case "EMU_MPS":  # at first by the atom, then by the entanglement between halves of the register
            return 1.6 * size * (1.0 + math.pow(size / 14.0, 4.0))
        case "EMU_SV":
            return 1.0 + 30.0 * math.pow(2.0, size - 20.0)
        case _:
            return 0.5 * math.pow(2.5, size - 10.0)

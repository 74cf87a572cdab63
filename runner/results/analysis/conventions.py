"""What a 1 in a bitstring stands for: the measured basis says it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.results.analysis.job_result import MeasuredJob

# Names of Pulser, as its pages on conventions have them.
_STATES: Final = {
    "ground-rydberg": ("the Rydberg state |r⟩", "the ground state |g⟩"),
    "digital": ("the hyperfine state |h⟩", "the ground state |g⟩"),
    "XY": ("the spin state |1⟩ (d)", "the spin state |0⟩ (u)"),
}


def convention(basis: str) -> str:
    """What 1, 0 and ⟨σz⟩ mean in a basis; empty for one that is not known."""
    if basis not in _STATES:
        return ""
    one, zero = _STATES[basis]
    return f"{basis} basis: 1 is {one}, where ⟨σz⟩ = +1; 0 is {zero}"


def conventions(jobs: Iterable[MeasuredJob]) -> tuple[str, ...]:
    """The conventions of what was measured, each once."""
    bases = dict.fromkeys(job.basis for job in jobs if job.counts)
    return tuple(filter(None, map(convention, bases)))

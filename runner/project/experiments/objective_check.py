"""Whether the objective of a strategy can be read off its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.slot_jobs import with_example
from runner.errors import UsageError
from runner.project import late_imports
from runner.results.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.domain.json_values import JsonObject
    from runner.errors import Problem
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment

_BITSTRING: Final = "one character for each qubit"


def unmeasurable(experiment: Experiment, settings: Settings) -> Iterator[Problem]:
    """That the objective of a strategy names what no job of it has, as an atom that is not there.

    Names that its formula does not take are looked at, too: tables have them.
    """
    strategy, drawn = experiment.desired.strategy, with_example(experiment.desired)
    if strategy is None:
        return
    (job,) = gathered(drawn, ())
    let = strategy.objective["let"]
    wrong: dict[str, UsageError] = {}
    for name in let:
        try:
            late_imports.score({"maximize": name, "let": let}, job)
        except UsageError as error:
            wrong[name] = error
    for name, fault in wrong.items():
        said = let[name]
        if not (isinstance(said, dict) and said.get("cvar", {}).get("of") in wrong):  # told of that
            place = f"/spec/strategy/objective/let/{name}{_at_fault(said, job.qubit_ids)}"
            hint = _BITSTRING if "probability" in said else fault.hint
            yield experiment.problem(place, fault.message, hint, settings=settings)


def _at_fault(said: str | JsonObject, qubits: Sequence[str]) -> str:
    """Pointer of what is at fault of a quantity that a job does not have, from where the quantity stands."""
    match said:
        case {"probability": list(some)}:
            return _first("/probability", (len(str(bits)) != len(qubits) for bits in some))
        case {"correlation": {"qubits": list(pair)}}:
            return _first("/correlation/qubits", (atom not in qubits for atom in pair))
        case {"qubo": _}:
            return "/qubo/file"
        case dict():
            return f"/{next(iter(said))}"
    return ""


def _first(several: str, wrong: Iterable[bool]) -> str:
    """Pointer of the first that is wrong; of all of them, where none is by itself."""
    return next((f"{several}/{i}" for i, is_wrong in enumerate(wrong) if is_wrong), several)

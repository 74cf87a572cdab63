"""Is the content of a file what the models say? Every mistake becomes one problem at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from runner.spec.experiment import Experiment
from runner.spec.explaining import explained, is_miscounted, without_echoes
from runner.spec.findings import MOST, more_problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import Problem
    from runner.spec.document import Document
    from runner.spec.explaining import Fault


def judged(document: Document) -> tuple[Experiment | None, tuple[Problem, ...]]:
    """The experiment that a file describes, or what keeps it from being one.

    The models judge, for they explain better and are twenty times as quick as a validator of the published
    schema. That the schema takes what they take is tested.
    """
    try:
        return Experiment.model_validate(document.data), ()
    except ValidationError as error:
        complaints = [each for each in error.errors(include_url=False) if not is_miscounted(each)]
        faults = [explained(document.data, each) for each in complaints[:MOST]]
        problems = _problems(document, without_echoes(faults))
        return None, (*problems, more_problems(document)) if len(complaints) > MOST else problems


def salvaged(kind: Any, content: Any) -> Any:
    """A part of a file whose other parts are broken; None if it is broken too."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError:
        return None


def _problems(document: Document, faults: Iterable[Fault]) -> tuple[Problem, ...]:
    # A value that the reader could not make out is reported already.
    known = {problem.pointer for problem in document.problems}
    return tuple(
        document.problem(fault.pointer, fault.message, fault.hint, of_key=fault.of_key)
        for fault in faults
        if fault.pointer not in known
    )

"""Is the content of a file what the models say? Every mistake becomes one problem at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from runner.spec.experiment import Experiment
from runner.spec.explaining import Fault, explained, is_miscounted, without_echoes
from runner.spec.findings import MOST, more_problems
from runner.spec.pointers import pointer_of
from runner.spec.schema import experiment_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import Problem
    from runner.spec.document import Document


def judged(document: Document) -> tuple[Experiment | None, tuple[Problem, ...]]:
    """The experiment that a file describes, or what keeps it from being one.

    The models judge, for they explain better; what they take must hold against the published schema as well.
    """
    try:
        experiment = Experiment.model_validate(document.data)
    except ValidationError as error:
        complaints = [each for each in error.errors(include_url=False) if not is_miscounted(each)]
        faults = [explained(document.data, each) for each in complaints[:MOST]]
        problems = _problems(document, without_echoes(faults))
        return None, (*problems, more_problems(document)) if len(complaints) > MOST else problems
    problems = _problems(document, schema_faults(document.data))
    return (None if problems else experiment), problems


def salvaged(kind: Any, content: Any) -> Any:
    """A part of a file whose other parts are broken; None if it is broken too."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError:
        return None


def schema_faults(data: Any) -> list[Fault]:
    """What the published schema does not take."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  (files that the models refuse need it not)

    return [
        Fault(pointer_of(*error.absolute_path), f"the schema does not take this: {error.message}")
        for error in Draft202012Validator(experiment_schema()).iter_errors(data)
    ]


def _problems(document: Document, faults: Iterable[Fault]) -> tuple[Problem, ...]:
    # A value that the reader could not make out is reported already.
    known = {problem.pointer for problem in document.problems}
    return tuple(
        document.problem(fault.pointer, fault.message, fault.hint, of_key=fault.of_key)
        for fault in faults
        if fault.pointer not in known
    )

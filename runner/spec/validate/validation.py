"""Is the content of a file what the models say? Every mistake becomes one problem at its place."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from runner.spec.models.experiment import NO_JOBS, NO_SEQUENCE, Experiment
from runner.spec.validate.error_messages import Fault, fault_of, is_miscounted, without_echoes
from runner.spec.validate.schema import guide_at
from runner.spec.yaml_text.document import MOST, more_problems
from runner.spec.yaml_text.json_pointers import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.domain.json_values import Json
    from runner.errors import Problem
    from runner.spec.yaml_text.document import Document


def validate(document: Document) -> tuple[Experiment | None, tuple[Problem, ...]]:
    """The experiment that a file describes, or what keeps it from being one.

    The models judge, for they explain better and are twenty times as quick as a validator of the published
    schema. That the schema takes what they take is tested.
    """
    try:
        return Experiment.model_validate(document.data), ()
    except ValidationError as error:
        found = error.errors(include_url=False)
        complaints = [
            each for each in found if not is_miscounted(each) and each["type"] not in {NO_JOBS, NO_SEQUENCE}
        ]
        faults = [fault_of(document.data, each) for each in complaints[:MOST]]
        faults += (*_without_jobs(document.data), *_without_sequence(document.data))
        problems = _problems(document, without_echoes(faults))
        return None, (*problems, more_problems(document)) if len(complaints) > MOST else problems


def valid_part(kind: Any, content: Json) -> Any:
    """A part of a file whose other parts are broken; None if it is broken too."""
    try:
        return _adapter(kind).validate_python(content)
    except ValidationError:
        return None


@lru_cache(maxsize=8)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _problems(document: Document, faults: Iterable[Fault]) -> tuple[Problem, ...]:
    # A value that the reader could not make out is reported already.
    known = {problem.pointer for problem in document.problems}
    return tuple(
        document.problem(fault.pointer, fault.message, fault.hint, of_key=fault.of_key)
        for fault in faults
        if fault.pointer not in known
    )


def _without_jobs(data: Json) -> Iterator[Fault]:
    """That nothing says what is to be measured; also of a file with other faults."""
    spec = data.get("spec") if isinstance(data, dict) else None
    is_beside = isinstance(data, dict) and "strategy" in data  # which is told
    if isinstance(spec, dict) and not is_beside and not spec.keys() & {"jobs", "strategy"}:
        pointer = pointer_of("spec", "jobs")
        yield Fault(pointer, "the key jobs is missing", guide_at(data, pointer).description, lacking=True)


def _without_sequence(data: Json) -> Iterator[Fault]:
    """That there is no sequence, or that it is not there for some jobs; also of a file with other faults."""
    spec = data.get("spec") if isinstance(data, dict) else None
    if not isinstance(spec, dict) or "sequence" in spec:
        return
    said = spec.get("jobs")
    jobs = said if isinstance(said, list) else []
    lacking = [i for i, job in enumerate(jobs) if isinstance(job, dict) and "sequence" not in job]
    if len(lacking) == len(jobs):
        pointer = pointer_of("spec", "sequence")
        purpose = guide_at(data, pointer).description
        yield Fault(pointer, "the key sequence is missing", purpose, lacking=True)
        return
    for i in lacking[:MOST]:
        hint = "give the job one, or say spec.sequence for all jobs without"
        yield Fault(pointer_of("spec", "jobs", i), "there is no sequence for this job", hint)

"""The sequence of a file, with its variables: written out, read from a file of its own, or given by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import SpecError
from runner.sequences.construction.devices import device_of
from runner.sequences.construction.grouped_problems import Grouped, first_problems
from runner.sequences.construction.sequence import REGISTER, bench
from runner.sequences.pulser_api.abstract_repr import RepresentationError, read, with_measurement
from runner.sequences.pulser_api.device_specs import Consulted, NoSpecifications
from runner.sequences.pulser_api.pulser_messages import Remark, message_of, recorded_warnings
from runner.spec.models.sequence import PythonSequence, WrittenSequence
from runner.spec.models.steps import OPERATIONS
from runner.spec.sequence_source import DEVICE, FILE, PYTHON
from runner.spec.yaml_text.document import Findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.errors import Problem
    from runner.sequences.pulser_api.device_limits import AnySequence
    from runner.sequences.pulser_api.device_specs import Specifications
    from runner.sequences.pulser_api.pulser_messages import Remarks
    from runner.spec import ExperimentFile

_NONE = NoSpecifications()


class Said:
    """Everything that is to be said of a file."""

    def __init__(self, file: ExperimentFile, specifications: Specifications = _NONE) -> None:
        self.file = file
        self.live = Consulted(specifications)
        self.findings = Findings(file.document)
        self.faults = Grouped(file)
        self.warnings = Grouped(file)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps the file from being sent."""
        return (*self.findings.problems, *self.faults.problems())

    def refuse_if_faulty(self) -> None:
        """End here if there is a problem."""
        if self.problems:
            raise SpecError(first_problems(self.problems, self.file))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A sequence with its variables, and where in the file its parts stand.

    Args:
        sequence: Pulser's sequence; parametrised if the file has variables.

        device: Pointer of its device.

        register: Pointer of its register.

        operations: Pointer of its operations.

        replay: Builds a job from numbers, operation by operation, on this device or on another one that is
            given beside; None if the file has no operations.
    """

    sequence: AnySequence
    device: str
    register: str
    operations: str
    replay: Callable[..., Remarks] | None = None


def draft_of(said: Said) -> Draft:
    """The sequence of a file; what can be said of it before any job is built goes to `said`.

    Raises:
        SpecError: When there is no sequence to speak of.
    """
    sequence = said.file.experiment.spec.sequence
    draft = _from_writing(said, sequence) if isinstance(sequence, WrittenSequence) else _from_file(said)
    try:
        with_measurement(draft.sequence)
    except RepresentationError as error:
        basis = min(draft.sequence.get_addressed_bases(), default="ground-rydberg")
        said.findings.note(draft.operations, str(error), f"end with a measurement, as in measure: {basis}")
    return draft


def _from_writing(said: Said, written: WrittenSequence) -> Draft:
    device = device_of(said.findings, written.device, said.live, said.file.device_text)
    device_type = said.file.experiment.spec.device_type
    made = None if device is None else bench(said.findings, written, device_type, device)
    if made is None:
        raise SpecError(said.problems)
    sequence, remarks = made.filled()
    for fault in remarks.faults:
        said.faults.take(None, fault)
    for warning in remarks.warnings:
        said.warnings.take(None, warning)
    return Draft(
        sequence=sequence, device=DEVICE, register=REGISTER, operations=OPERATIONS, replay=made.replayed
    )


def _from_file(said: Said) -> Draft:
    made = said.file.made
    place = PYTHON if isinstance(said.file.experiment.spec.sequence, PythonSequence) else FILE
    with recorded_warnings() as messages:
        try:
            sequence = read(said.file.sequence_text or "")
        except Exception as error:
            raise SpecError([said.file.problem(place, message_of(error))]) from error
    for message in dict.fromkeys((*(made.warnings if made else ()), *messages)):
        said.warnings.take(None, Remark(None, message, fixed=True))
    return Draft(sequence=sequence, device=place, register=place, operations=place)

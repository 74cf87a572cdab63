"""Where a sequence comes from: written out, a file of its own, or a function; and what its variables are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.spec.abstract_repr import RepresentationError, unwrapped, variables_of
from runner.spec.jobs.trap_assignment import JOBS, mappable_atoms
from runner.spec.models.devices import DeviceFile
from runner.spec.models.python_sequence import FactoryError
from runner.spec.models.sequence import FileSequence, PythonSequence, WrittenSequence
from runner.spec.models.variables import Declared, declared
from runner.spec.validate.reference_checks import SEQUENCE, VARIABLES, check_sequence
from runner.spec.values.referenced_files import CompanionError, Companions
from runner.spec.yaml_text.document import Findings
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.errors import Problem
    from runner.spec.models.experiment import Job
    from runner.spec.models.python_sequence import Made, Make
    from runner.spec.models.sequence import AnySource
    from runner.spec.yaml_text.document import Document

    # A sequence; of a broken one its variables, if they can be known.
    Said = AnySource | Mapping[str, Declared] | None

DEVICE = child(SEQUENCE, "device")
DEVICE_FILE = child(DEVICE, "file")
FILE = child(SEQUENCE, "file")
PYTHON = child(SEQUENCE, "python")

_PLACES: dict[type[object], str] = {FileSequence: FILE, PythonSequence: PYTHON}

_SOURCES = (WrittenSequence, FileSequence, PythonSequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceSource:
    """A sequence as the file gives it, with what stands behind it.

    Args:
        sequence: What the file says; of a broken one, its variables; None without one.

        text: Content of the file behind `file:`, or what the function behind `python:` gave.

        variables: Those of the sequence; None if they can't be known.

        device_text: Content of the file behind the `file:` of its device.
    """

    sequence: Said
    text: str | None = None
    variables: Mapping[str, Declared] | None = None
    made: Made | None = None
    device_text: str | None = None

    @property
    def atoms(self) -> tuple[str, ...] | None:
        """Atoms that the jobs are to place; None if they can't be known."""
        if self.variables is None or not isinstance(self.sequence, _SOURCES):
            return None
        return mappable_atoms(self.sequence, self.text)


def source_of(findings: Findings, sequence: Said, companions: Companions, make: Make) -> SequenceSource:
    """A sequence with what stands behind it; what is wrong is noted.

    Args:
        sequence: What the file says; of a broken one, its variables, or None.

    """
    made = _made(findings, sequence, companions, make) if isinstance(sequence, PythonSequence) else None
    text, variables = _sequence(findings, sequence, companions, made)
    device_text = _device_text(findings, sequence, companions)
    return SequenceSource(
        sequence=sequence, text=text, variables=variables, made=made, device_text=device_text
    )


def sources_of_jobs(
    document: Document, jobs: Sequence[Job | None], companions: Companions, make: Make
) -> tuple[dict[str, SequenceSource], tuple[Problem, ...]]:
    """The own sequence of each job that has one, by the pointer of its entry, and what is wrong with them."""
    found: dict[str, SequenceSource] = {}
    problems: list[Problem] = []
    for i, job in enumerate(jobs):
        if job is None or job.sequence is None:
            continue
        entry = child(JOBS, i)
        findings = Findings(seen_from(document, entry))
        found[entry] = source_of(findings, job.sequence, companions, make)
        _check_fixed(findings, found[entry])
        problems += findings.problems
    return found, tuple(problems)


def seen_from(document: Document, entry: str) -> Document:
    """The file as a job with its own sequence sees it: that one stands in the experiment's place."""
    return document.grafted(SEQUENCE, child(entry, "sequence"))


def _check_fixed(findings: Findings, own: SequenceSource) -> None:
    """The cloud takes a job's sequence, or values of variables: never both."""
    place = _PLACES.get(type(own.sequence))
    if own.variables:
        names = ", ".join(own.variables)
        message = f"a job's own sequence has no variables, and this one has {names}"
        findings.note(place or VARIABLES, message, "write numbers in their place", of_key=place is None)
    elif own.atoms:
        message = "the register of a job's own sequence can't be mappable"
        hint = f"say where its atoms are: {', '.join(own.atoms)}"
        findings.note(place or child(SEQUENCE, "register"), message, hint)


def _made(findings: Findings, sequence: PythonSequence, companions: Companions, make: Make) -> Made | None:
    """What a function in Python gives; its file is looked at before anything is run."""
    try:
        companions.text(sequence.path)
        made = make(sequence)
    except (CompanionError, FactoryError) as error:
        findings.note(PYTHON, error.message, error.hint)
        return None
    companions.take(made.files)
    return made


def _sequence(
    findings: Findings, sequence: Said, companions: Companions, made: Made | None
) -> tuple[str | None, Mapping[str, Declared] | None]:
    """Text of the sequence's own file, and the variables of the sequence if they can be known."""
    match sequence:
        case WrittenSequence():
            check_sequence(findings, sequence)
            return None, declared(sequence.variables)
        case FileSequence():
            return _companion_sequence(findings, sequence.file, companions)
        case PythonSequence():
            return (None, None) if made is None else _made_sequence(findings, sequence.python, made)
    return None, sequence


def _device_text(findings: Findings, sequence: Said, companions: Companions) -> str | None:
    """Content of the file that a device stands in; None if it is told otherwise, or can't be had."""
    try:
        match sequence:
            case WrittenSequence(device=DeviceFile(file=name)):
                return companions.text(name)
    except CompanionError as error:
        findings.note(DEVICE_FILE, error.message, error.hint)
    return None


def _made_sequence(
    findings: Findings, name: str, made: Made
) -> tuple[str | None, Mapping[str, Declared] | None]:
    try:
        return made.text, variables_of(made.text)
    except RepresentationError as error:
        findings.note(PYTHON, f"{name}: {error}")
    return None, None


def _companion_sequence(
    findings: Findings, name: str, companions: Companions
) -> tuple[str | None, Mapping[str, Declared] | None]:
    try:
        text = unwrapped(companions.text(name))
        return text, variables_of(text)
    except CompanionError as error:
        findings.note(FILE, error.message, error.hint)
    except RepresentationError as error:
        findings.note(FILE, f"{name}: {error}")
    return None, None

"""Atoms of a mappable register: each job says which traps they sit in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.spec.models.sequence import WrittenSequence
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain.json_values import JobValues
    from runner.spec.models.experiment import Job
    from runner.spec.models.sequence import AnySource
    from runner.spec.yaml_text.document import Findings

JOBS = pointer_of("spec", "jobs")


def with_places(variables: Mapping[str, float | list[float]], job: Job) -> JobValues:
    """Variables of a job with the traps of its atoms under `qubits`, as Pulser and the cloud take them."""
    return dict(variables) if job.qubits is None else {**variables, "qubits": dict(job.qubits)}


def mappable_atoms(sequence: AnySource, text: str | None) -> tuple[str, ...]:
    """Atoms that the jobs are to place; none if the register has a place for each.

    Args:
        text: The abstract representation, of a sequence in a file of its own.
    """
    if isinstance(sequence, WrittenSequence):
        return sequence.register_.mappable or ()
    register = json.loads(text)["register"] if text else []
    if not isinstance(register, list):
        return ()
    return tuple(str(atom["qid"]) for atom in register if isinstance(atom, dict) and "qid" in atom)


def check_places(findings: Findings, jobs: Sequence[Job | None], atoms: tuple[str, ...]) -> None:
    """Note every job that places atoms otherwise than the register wants: its first ones, or all."""
    for i, job in enumerate(jobs):
        if job is None or (job.qubits is not None and set(job.qubits) == set(atoms[: len(job.qubits)])):
            continue
        pointer = child(JOBS, i)
        if job.qubits is None and atoms:
            findings.note(pointer, "the job puts no atoms into traps", f"qubits needs {_wanted(atoms)}")
        elif not atoms and job.qubits is not None:
            hint = "only the atoms of a mappable register are placed by jobs"
            findings.note(child(pointer, "qubits"), "every atom has its place already", hint, of_key=True)
        elif job.qubits is not None:
            hint = f"qubits needs {_wanted(atoms)}"
            findings.note(child(pointer, "qubits"), _wrong(tuple(job.qubits), atoms), hint)


def _wanted(atoms: tuple[str, ...]) -> str:
    listed = ", ".join(atoms)
    return listed if len(atoms) == 1 else f"{listed}, or the first ones of them"


def _wrong(placed: tuple[str, ...], atoms: tuple[str, ...]) -> str:
    """What is wrong with atoms that are not the first ones of a register."""
    if unknown := [name for name in placed if name not in atoms]:
        return f"the register has no atom {', '.join(unknown)}"
    last = max(atoms.index(name) for name in placed)
    skipped = [name for name in atoms[:last] if name not in placed]
    return f"{atoms[last]} has a trap, and {', '.join(skipped)} before it has none"

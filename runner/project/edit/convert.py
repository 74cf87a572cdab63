"""Sequences out of experiment files, and experiment files out of sequences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggested_job
from runner.errors import RunnerError, UsageError
from runner.project import late_imports

if TYPE_CHECKING:
    from pathlib import Path

    from runner.project.experiments.loaded import Experiment
    from runner.sequences.import_abstract import Imported

_MAX_NAME = 40


def representation_of(experiment: Experiment, job_name: str | None = None) -> str:
    """Abstract representation of an experiment's sequence, JSON.

    Args:
        experiment: Read and built.

        job_name: The job whose values stand for the variables, or whose own sequence is meant; None leaves
            them variables.

    Raises:
        UsageError: There is no such job, or there are only sequences of jobs and none is named.
    """
    desired = experiment.desired
    if job_name is None and desired.sequence:
        return desired.sequence
    jobs = {job.name: job for job in desired.jobs}
    if job_name is None:
        message = f"{experiment.name} has no sequence but those of its jobs"
        raise UsageError(message, hint=f"say which, as in --job {next(iter(jobs))}")
    if job_name not in jobs:
        hint = suggested_job(job_name, jobs)
        raise UsageError(f"{experiment.name} has no job {job_name}", hint=hint)
    own = jobs[job_name].sequence
    if own is not None:
        return own
    return late_imports.built(desired.sequence, jobs[job_name].variables, name=desired.name)


def experiment_from(
    path: Path,
    *,
    name: str | None = None,
    device_type: str | None = None,
    measure: str | None = None,
    device_file: Path | None = None,
) -> Imported:
    """The experiment file that writes a sequence out.

    Args:
        path: File of the abstract representation.

        name: What the experiment is called; as the file is if None.

        device_type: What runs it; the first emulator that can if None.

        measure: Basis of the measurement, where the representation has none.

        device_file: Where its device is written; None where the experiment file says it.

    Raises:
        RunnerError: The file can't be read, is no sequence, or can't be written out; or the file for the
            device is there and says another one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunnerError(f"{path} can't be read: {error}") from error
    known_as = None if device_file is None else device_file.as_posix()
    name = name or _name_of(path.stem)
    found = late_imports.imported(
        text, name=name, device_type=device_type, device_file=known_as, measure=measure
    )
    if device_file is not None:
        _write_device(device_file, found.device)
    return found


def _write_device(path: Path, content: str) -> None:
    try:
        if path.exists() and path.read_bytes() != content.encode():
            raise RunnerError(
                f"{path} is there and says something else", hint="remove it, or name another file"
            )
        path.write_bytes(content.encode())
    except OSError as error:
        raise RunnerError(f"{path} can't be written: {error.strerror}") from error


def _name_of(word: str) -> str:
    """A name for an experiment that is near to a word."""
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:_MAX_NAME].strip("-") or "imported"

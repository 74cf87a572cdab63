"""Asking for work again: the counters of an experiment file, changed in its text. Nothing is sent here."""

from __future__ import annotations

import codecs
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError
from runner.spec.editing import RERUN, RETRY_LIMIT, with_number

if TYPE_CHECKING:
    from runner.project.experiments import Experiment
    from runner.project.project import Project

_MOST_RETRIES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A file's text before and after; nothing is written yet.

    Args:
        about: What it asks for, in words.
    """

    path: Path
    before: bytes
    after: bytes
    about: str

    @property
    def diff(self) -> list[str]:
        """The lines that change, as `diff` shows them."""
        old, new = (text.decode("utf-8-sig").splitlines() for text in (self.before, self.after))
        return list(unified_diff(old, new, str(self.path), str(self.path), lineterm="", n=0))


def whole_rerun(experiment: Experiment) -> Edit:
    """The file with its `rerun` counter raised: everything is measured again, apart from what there is."""
    raised = experiment.desired.rerun + 1
    about = f"all {len(experiment.desired.jobs)} jobs are measured again; the old counts are not added"
    return _edit(experiment, RERUN, raised, about)


def rerun_of_failed(project: Project, experiment: Experiment) -> Edit | None:
    """The file with `retry.limit` raised by another round for jobs that failed for good; None without any.

    What is measured, or under way, is not asked for again.

    Raises:
        ProjectError: Another round would not be allowed, or not help.
    """
    failed = _failed(project, experiment)
    if not failed:
        return None
    retry = experiment.desired.policy.retry
    limit = max(failed.values()) + retry.limit
    if limit > _MOST_RETRIES:
        message = f"{experiment.file.path}: retry.limit would be {limit}, above {_MOST_RETRIES}"
        raise ProjectError(message, hint="`runner rerun FILE` asks for everything again")
    hopeless = _failed(project, _with_limit(experiment, limit))
    if hopeless.keys() == failed.keys():
        message = f"{experiment.file.path}: `retry` leaves out how these jobs failed: {', '.join(failed)}"
        raise ProjectError(message, hint="change `retry`, or ask for everything again: `runner rerun FILE`")
    rest = f"; not {', '.join(hopeless)}, whose failure `retry` leaves out" if hopeless else ""
    names = ", ".join(name for name in failed if name not in hopeless)
    return _edit(experiment, RETRY_LIMIT, limit, f"{names}: tried again up to {retry.limit + 1} times{rest}")


def _failed(project: Project, experiment: Experiment) -> dict[str, int]:
    """Failures of each job that failed for good, by its name."""
    (deed,) = project.look([experiment])
    return {tally.name: tally.failures for tally in deed.plan.jobs if tally.failed}


def _with_limit(experiment: Experiment, limit: int) -> Experiment:
    policy = experiment.desired.policy
    patient = replace(policy, retry=replace(policy.retry, limit=limit))
    return replace(experiment, desired=replace(experiment.desired, policy=patient))


def _edit(experiment: Experiment, pointer: str, number: int, about: str) -> Edit:
    path = Path(experiment.file.path)
    before = path.read_bytes()
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    text = with_number(before[len(mark) :].decode(), pointer, number, path=str(path))
    return Edit(path=path, before=before, after=mark + text.encode(), about=about)


def write_edit(edit: Edit) -> None:
    """Writes the new text aside and renames it.

    Raises:
        ProjectError: The file has changed in the meantime, or cannot be written.
    """
    path = edit.path.resolve()
    try:
        if path.read_bytes() != edit.before:
            raise ProjectError(f"{edit.path}: the file has changed meanwhile; it was not edited")
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(edit.after)
        shutil.copymode(path, aside)
        Path(aside).replace(path)
    except OSError as error:
        raise ProjectError(f"{edit.path}: cannot be written: {error}") from error

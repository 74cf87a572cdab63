"""Asking for work again: the counters of an experiment file, changed in its text. Nothing is sent here."""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.atomic_file import write_atomically
from runner.domain.suggestions import suggested_job
from runner.errors import ProjectError, UsageError
from runner.spec.yaml_text.edit import RETRY_LIMIT, with_number, with_raised_rerun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.project.experiments.loaded import Experiment
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


def refuse_beyond_cap(project: Project, experiment: Experiment, names: Sequence[str] = ()) -> None:
    """Raises when one more rerun, of all jobs or of the named ones, is more than the repository allows.

    Raises:
        ProjectError: It is.
    """
    most = project.settings.caps.rerun
    desired = experiment.desired
    counters = (
        desired.rerun_counters if not names else {job.rerun for job in desired.jobs if job.name in names}
    )
    asked = 1 + max(counters, default=0)
    if most is not None and asked > most:
        message = f"{experiment.file.path}: rerun would be {asked}, above the cap of {most}"
        raise ProjectError(
            message, hint="`rerun` of [caps] in runner.toml says how often it may be asked for"
        )


def whole_rerun(experiment: Experiment) -> Edit:
    """The file with its `rerun` counter raised: everything is measured again, apart from what there is."""
    count = len(experiment.desired.jobs)
    some = "the job is" if count == 1 else f"all {count} jobs are"
    about = f"{some} measured again; the old counts are not added"
    if experiment.desired.strategy is not None:
        about = "the strategy begins again; what was measured before counts no more"
    return _edit(experiment, lambda text, path: with_raised_rerun(text, path=path), about)


def rerun_of_jobs(experiment: Experiment, names: Sequence[str]) -> Edit:
    """The file with the counters of some jobs raised: only these are measured again.

    Raises:
        UsageError: The file has no job of such a name.
    """
    if experiment.desired.strategy is not None:
        message = (
            f"{experiment.file.path}: a strategy goes on from its jobs, and none is measured again alone"
        )
        raise UsageError(
            message, hint="`runner rerun FILE` begins all of it again; `confirm` measures winners"
        )
    chosen, known = list(dict.fromkeys(names)), [job.name for job in experiment.desired.jobs]
    for name in chosen:
        if name not in known:
            message = f"{experiment.file.path}: there is no job {name}"
            raise UsageError(message, hint=suggested_job(name, known))
    about = f"{', '.join(chosen)}: measured again; the old counts are not added"
    return _edit(experiment, lambda text, path: with_raised_rerun(text, chosen, path=path), about)


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
    about = f"{names}: tried again up to {retry.limit + 1} times{rest}"
    return _edit(experiment, lambda text, path: with_number(text, RETRY_LIMIT, limit, path=path), about)


def _failed(project: Project, experiment: Experiment) -> dict[str, int]:
    """Failures of each job that failed for good, by its name."""
    (planned,) = project.look([experiment])
    return {job.name: job.failures for job in planned.plan.jobs if job.failed}


def _with_limit(experiment: Experiment, limit: int) -> Experiment:
    policy = experiment.desired.policy
    patient = replace(policy, retry=replace(policy.retry, limit=limit))
    return replace(experiment, desired=replace(experiment.desired, policy=patient))


def _edit(experiment: Experiment, change: Callable[[str, str], str], about: str) -> Edit:
    """An edit of the file.

    Args:
        change: Its new text, from its old one and its path.
    """
    path = Path(experiment.file.path)
    before = path.read_bytes()
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    text = change(before[len(mark) :].decode(), str(path))
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
        write_atomically(path, edit.after, mode=stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise ProjectError(f"{edit.path}: cannot be written: {error}") from error

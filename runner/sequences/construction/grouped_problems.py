"""What was said of many jobs, said once, and at its place in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from runner.sequences.construction.clock_steps import advice
from runner.spec.jobs.trap_assignment import JOBS
from runner.spec.validate.reference_checks import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import Problem
    from runner.sequences.pulser_api.pulser_messages import Remark
    from runner.spec import ExperimentFile, JobRequest

MAX_PROBLEMS = 50
_LINES = 5

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(slots=True)
class _Group:
    """Jobs of one entry of which the same can be said, but for the numbers."""

    message: str
    jobs: dict[str, None] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Grouped:
    """Remarks, each said once: of an operation if it holds for all jobs, else of the entry of its jobs."""

    file: ExperimentFile
    fixed: dict[Remark, None] = field(default_factory=dict)
    groups: dict[tuple[str, str], _Group] = field(default_factory=dict)

    def take(self, job: JobRequest | None, remark: Remark) -> None:
        """Something was said in building a job, or before any."""
        always = replace(remark, fixed=True)
        if remark.fixed or job is None:
            self.fixed[always] = None
        elif always not in self.fixed:
            key = (job.pointer, _NUMBER.sub("#", remark.message))
            group = self.groups.setdefault(key, _Group(remark.message))
            group.jobs[job.name] = None
            if remark.operation is not None:
                group.operations[remark.operation] = None

    def problems(self) -> list[Problem]:
        """Everything that was said, at its place."""
        return [self.file.problem(_place(remark.operation), remark.message) for remark in self.fixed] + [
            self._problem(pointer, group) for (pointer, _), group in self.groups.items()
        ]

    def once(self) -> list[Problem]:
        """The same, but of one kind only the first, with the lines of the others.

        What is always so is one kind, and what is so for some jobs another.
        """
        kinds = [(True, _NUMBER.sub("#", remark.message)) for remark in self.fixed]
        kinds += [(False, kind) for _, kind in self.groups]
        by_kind: dict[tuple[bool, str], list[Problem]] = {}
        for kind, problem in zip(kinds, self.problems(), strict=True):
            by_kind.setdefault(kind, []).append(problem)
        return [_with_lines(*sorted(some)) for some in by_kind.values()]

    def _problem(self, pointer: str, group: _Group) -> Problem:
        known = advice(self.file, group.message, group.operations)
        return self.file.problem(
            known.pointer if known else pointer, self._said(group), known.text if known else ""
        )

    def _said(self, group: _Group) -> str:
        first, *others = group.jobs
        who = f"{first} and {len(others)} more" if others else first
        lines = {self.file.document.place(_place(operation)).line: None for operation in group.operations}
        where = f" (line {', '.join(map(str, lines))})" if lines else ""
        return f"{who}: {group.message}{where}"


def _with_lines(first: Problem, *others: Problem) -> Problem:
    """A problem, with the lines on which there are others of its kind."""
    lines = [str(line) for line in dict.fromkeys(each.line for each in others) if line != first.line]
    if not lines:
        return first
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    where = f"line{'s' if len(lines) > 1 else ''} {', '.join(lines[:_LINES])}{more}"
    return replace(first, message=f"{first.message} (also {where})")


def _place(operation: str | None) -> str:
    return SEQUENCE if operation is None else operation


def first_problems(problems: Iterable[Problem], file: ExperimentFile) -> list[Problem]:
    """The first problems of many, and how many more there are."""
    everything = sorted(problems)
    shown = everything[:MAX_PROBLEMS]
    if rest := len(everything) - len(shown):
        shown.append(file.problem(JOBS, f"{rest} more problems are not shown"))
    return shown

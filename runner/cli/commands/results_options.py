"""What the options of `runner results` ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, Unpack

from runner.cli.render.results_forms import Form, form_meant
from runner.errors import UsageError
from runner.results import ResultStatus
from runner.results.analysis.filter_expression import condition
from runner.results.analysis.names import near
from runner.results.export.sheets import Errors, column_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runner.results.analysis.columns import Quantities
    from runner.results.analysis.job_result import MeasuredJob


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """What is to be shown of results, and how.

    Args:
        statuses: Those of the jobs that are meant; all when there are none.

        columns: Names as they are typed; none for those that are shown by default.
    """

    where: str | None
    statuses: frozenset[ResultStatus]
    columns: tuple[str, ...]
    long: bool
    errors: Errors
    form: Form
    save: Path | None
    only_changed: bool

    def chooses(self, quantities: Quantities) -> Callable[[MeasuredJob], bool]:
        """What says of a job whether it is meant.

        Raises:
            UsageError: The condition cannot be read.
        """
        claim = condition(self.where, quantities) if self.where is not None else None

        def is_meant(job: MeasuredJob) -> bool:
            return (not self.statuses or job.status in self.statuses) and (claim is None or claim(job))

        return is_meant


class ViewWords(TypedDict):
    """The options of `runner results` that say what is shown, as they are typed."""

    where: str | None
    statuses: tuple[str, ...]
    columns: tuple[str, ...]
    long: bool
    errors: str | None
    form: str | None
    save: Path | None
    only_changed: bool


def view_of(**words: Unpack[ViewWords]) -> ResultsView:
    """What the words of the command line ask for.

    Raises:
        UsageError: They do not go together, or one is off.
    """
    form, errors = form_meant(words["form"], words["save"]), words["errors"]
    columns = tuple(name for text in words["columns"] for name in column_names(text))
    if errors == Errors.INLINE and not form.is_for_people:
        raise UsageError(f"--errors inline is for people, and -o {form} is not", hint="say --errors columns")
    if form is Form.NETCDF and columns:
        hint = "leave --columns out: it holds all, and with --long the counts too"
        raise UsageError("-o netcdf writes labelled arrays, not columns", hint=hint)
    return ResultsView(
        where=words["where"],
        statuses=_statuses(words["statuses"]),
        columns=columns,
        long=words["long"],
        errors=Errors(errors or (Errors.INLINE if form.is_for_people else Errors.COLUMNS)),
        form=form,
        save=words["save"],
        only_changed=words["only_changed"],
    )


def _statuses(words: Sequence[str]) -> frozenset[ResultStatus]:
    found = [each.strip().upper() for word in words for each in word.split(",") if each.strip()]
    for each in found:
        if each not in set(ResultStatus):
            hint = near(each, ResultStatus, kind="statuses")
            raise UsageError(f"--status: there is no status {each}", hint=hint)
    return frozenset(map(ResultStatus, found))

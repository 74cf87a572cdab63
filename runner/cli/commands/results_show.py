"""`runner results`: what came back, chosen and written; of two commits, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from runner.cli.exit_code_choice import after_results
from runner.cli.render.results_forms import Form, put_netcdf, put_objects, put_sheet, put_tables
from runner.cli.render.results_table import ResultsTable, sheet_table, summary, title_of
from runner.cli.render.shortfall import say_elsewhere
from runner.cli.render.table import Heading
from runner.domain.json_values import plain
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results import Results
from runner.results.analysis.columns import Quantities, Quantity, ValueKind
from runner.results.analysis.results import conventions
from runner.results.export.compare import Pair, apart_by, compared, pairs, significance
from runner.results.export.sheets import (
    LONG,
    WIDE,
    WIDE_OF_STRATEGY,
    chosen_columns,
    long_sheet,
    wide_sheet,
    with_errors,
)
from runner.results.export.writers import NOTHING, cell_text
from runner.results.matrix_files import matrix_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.cli.commands.results_options import ResultsView
    from runner.project.api import Declared
    from runner.results import JobResult
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob, SlotFigures
    from runner.results.export.sheets import Sheet


@dataclass(frozen=True, slots=True)
class _Found:
    """Results of an experiment, and those of them that are meant."""

    experiment: Declared
    all: Results
    shown: Results


def show_results(experiments: Sequence[Declared], view: ResultsView) -> int:
    """Shows what came back; answers the exit code."""
    gathered = [each.results() for each in experiments]
    quantities = Quantities((job for some in gathered for job in some), matrix_in)
    is_meant = view.chooses(quantities)
    found = [
        _Found(each, some, some.where(is_meant)) for each, some in zip(experiments, gathered, strict=True)
    ]
    _write(found, view, quantities)
    for each in experiments:
        say_elsewhere(each)
    return after_results([(each.experiment, each.shown) for each in found])


def _write(found: Sequence[_Found], view: ResultsView, quantities: Quantities) -> None:
    if view.form is Form.NETCDF:
        put_netcdf([each.shown for each in found], view.save, counts=view.long)
    elif view.form.is_for_people:
        put_tables([_table(each, view) for each in found], view.form, view.save)
    elif view.form in {Form.JSON, Form.JSONL} and not view.columns and not view.long:
        objects = [
            {"experiment": each.all.experiment, **result_object(job)} for each in found for job in each.shown
        ]
        put_objects(objects, view.form, view.save, [each.all.experiment for each in found])
    else:
        jobs = [job for each in found for job in each.shown]
        names = ("experiment", *(view.columns or _default(jobs, is_long=view.long)))
        sheet = _sheet(jobs, names, view, quantities)
        put_sheet(sheet, view.form, view.save, [each.all.experiment for each in found])


def _default(jobs: Sequence[MeasuredJob], *, is_long: bool) -> Sequence[str]:
    """The columns that are written where none are chosen."""
    if is_long:
        return LONG
    return WIDE_OF_STRATEGY if any(job.figures for job in jobs) else WIDE


def _sheet(
    jobs: Sequence[JobResult], names: Sequence[str], view: ResultsView, quantities: Quantities
) -> Sheet:
    columns = chosen_columns(names, quantities)
    sheet = long_sheet(jobs, columns) if view.long else wide_sheet(jobs, columns)
    return with_errors(sheet, view.errors)


def _table(found: _Found, view: ResultsView) -> ResultsTable:
    name = f"{found.all.experiment} at {found.experiment.target}"
    title = title_of(name, [job.status for job in found.shown], len(found.all))
    stands = found.all.strategy
    notes = (*([str(stands)] if stands else []), *conventions(found.shown))
    if not view.columns and not view.long:
        return replace(summary(title, found.shown), notes=notes)
    names = view.columns or tuple(name for name in LONG if name != "experiment")
    return replace(
        sheet_table(title, _sheet(found.shown, names, view, Quantities(found.all, matrix_in))), notes=notes
    )


def result_object(job: MeasuredJob) -> dict[str, object]:
    """All that is known of a job, as JSON has it."""
    return {
        "name": job.name,
        "key": job.key,
        "variables": plain(job.variables),
        "runs": job.runs.wanted,
        "measured": job.runs.measured,
        "status": str(job.status),
        "target": job.target,
        "counts": dict(job.counts or {}),
        **(
            {"evaluated": {name: each.plain() for name, each in job.evaluated.items()}}
            if job.evaluated
            else {}
        ),
        **(_figures_object(job.figures) if job.figures else {}),
        "qubit_ids": list(job.qubit_ids),
        "job_ids": [each.id for each in job.remote_jobs],
        "errors": list(job.errors),
    }


def _figures_object(figures: SlotFigures) -> dict[str, object]:
    """What a job is to its strategy, as JSON has it; what is not known is null."""
    return {
        "slot": figures.slot,
        "confirms": figures.is_fresh,
        "round": figures.round,
        "objective": _estimate_object(figures.objective),
        "best": _estimate_object(figures.best),
        "values": {name: _estimate_object(each) for name, each in figures.values.items()},
    }


def _estimate_object(estimate: Estimate) -> dict[str, float | None]:
    known = {"value": estimate.value, "error": estimate.error}
    return {name: None if math.isnan(each) else each for name, each in known.items()}


# What is set side by side unless columns are chosen.
COMPARED: Final = ("runs", "measured", "status", "most_frequent", "occupation")
_LEADING: Final = frozenset({"experiment", "job"})
_ARROW: Final = " → "


def _pairs_table(title: str, some: Sequence[Pair], columns: Sequence[Quantity]) -> ResultsTable:
    """The same for people: one cell where both say the same, differences of what has an error."""
    spread = [each for quantity in _for_people(columns) for each in _pair_columns(quantity)]
    headings = (Heading("job"), Heading("change"), *(heading for heading, _ in spread))
    rows = tuple(
        (cell_text(pair.job.name), pair.change, *(cell(pair) for _, cell in spread)) for pair in some
    )
    return ResultsTable(title, headings, rows)


def _for_people(columns: Sequence[Quantity]) -> list[Quantity]:
    """`runs` and `measured` as one, 50/100; of the bitstrings the first; differences before them."""
    names = {quantity.name for quantity in columns}
    if not {"runs", "measured"} <= names:
        return list(columns)
    runs = Quantity("runs", ValueKind.TEXT, lambda job: str(job.runs))
    top = Quantity(
        "most frequent", ValueKind.SEVERAL, lambda job: job.counts.most_frequent(1) if job.counts else []
    )
    merged = {"runs": runs, "most_frequent": top}
    found = [merged.get(quantity.name, quantity) for quantity in columns if quantity.name != "measured"]
    return sorted(found, key=lambda quantity: quantity.name == top.name)


def _pair_columns(quantity: Quantity) -> list[tuple[Heading, Callable[[Pair], str]]]:
    if quantity.kind is not ValueKind.ESTIMATE:
        heading = Heading(quantity.name, is_spare=quantity.kind is ValueKind.SEVERAL)
        return [(heading, lambda pair: _both(pair, quantity))]
    return [
        (Heading(f"Δ {quantity.name}", is_right=True), lambda pair: cell_text(apart_by(pair, quantity))),
        (Heading("σ", is_right=True), lambda pair: _sigmas(significance(apart_by(pair, quantity)))),
    ]


def _both(pair: Pair, quantity: Quantity) -> str:
    values: list[object] = [None if job is None else quantity.of(job) for job in (pair.before, pair.after)]
    before, after = map(cell_text, values)
    if pair.before is None or pair.after is None or before == after:
        return after if pair.after is not None else before
    return f"{before}{_ARROW}{after}"


def _sigmas(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _pairs_title(name: str, pairs: Sequence[Pair], shown: int) -> str:
    """How many jobs have changed: `pair: 1 of 3 jobs has changed`."""
    changed = sum(pair.is_changed for pair in pairs)
    total = counted(len(pairs), "job")
    rest = "" if shown == len(pairs) else f", {shown} shown"
    return f"{name}: {changed} of {total} changed{rest}"


def compare(names: Sequence[str], sides: Sequence[Mapping[str, Declared]], view: ResultsView) -> None:
    """Writes the results of two commits side by side.

    Args:
        names: Of the experiments, in the order in which they are shown.

        sides: The experiments before and after, by name.

    Raises:
        UsageError: Something is view for that only one commit can have.
    """
    if view.long or view.form is Form.NETCDF:
        hint = "leave out --long and -o netcdf"
        raise UsageError("two commits are compared job by job, in columns", hint=hint)
    before, after = (
        {name: some[name].results() if name in some else Results(name, ()) for name in names}
        for some in sides
    )
    every = [job for side in (before, after) for some in side.values() for job in some]
    quantities = Quantities(every, matrix_in)
    is_meant = view.chooses(quantities)
    columns = chosen_columns(view.columns or COMPARED, quantities)
    found = {name: pairs(before[name], after[name]) for name in names}
    shown = {name: [pair for pair in some if _is_shown(pair, is_meant, view)] for name, some in found.items()}
    _write_pairs(found, shown, [each for each in columns if each.name not in _LEADING], view)


def compare_two(experiments: Sequence[Declared], view: ResultsView) -> None:
    """Writes the results of two experiments side by side.

    Raises:
        UsageError: They are not two.
    """
    if len(experiments) != len(("before", "after")):
        said = ", ".join(each.name for each in experiments)
        raise UsageError(f"two experiments stand side by side, not {len(experiments)}: {said}")
    title = " → ".join(each.name for each in experiments)
    compare([title], [{title: each} for each in experiments], view)


def _is_shown(pair: Pair, is_meant: Callable[[MeasuredJob], bool], view: ResultsView) -> bool:
    if view.only_changed and not pair.is_changed:
        return False
    return any(is_meant(job) for job in (pair.before, pair.after) if job is not None)


def _write_pairs(
    found: Mapping[str, Sequence[Pair]],
    shown: Mapping[str, Sequence[Pair]],
    columns: Sequence[Quantity],
    view: ResultsView,
) -> None:
    if view.form.is_for_people:
        told = {name: some for name, some in shown.items() if some or not view.only_changed}
        tables = [
            _pairs_table(_pairs_title(name, found[name], len(some)), some, columns)
            for name, some in told.items()
        ]
        put_tables(tables or [ResultsTable("nothing has changed", (), ())], view.form, view.save)
    else:
        sheet = compared([pair for some in shown.values() for pair in some], columns)
        put_sheet(with_errors(sheet, view.errors), view.form, view.save, list(shown))

"""`runner results --rev A..B`: results of two commits side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runner.cli.render.results_forms import Form, put_sheet, put_tables
from runner.cli.render.results_table import Table
from runner.cli.render.table import Heading
from runner.errors import UsageError
from runner.results import Results
from runner.results.analysis.columns import Kind, Quantities, Quantity
from runner.results.export.compare import Pair, apart_by, compared, pairs, significance
from runner.results.export.sheets import chosen_columns, with_errors
from runner.results.export.writers import NOTHING, cell_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.cli.commands.results_options import Asked
    from runner.project.api import Declared
    from runner.results.analysis.job_result import MeasuredJob


# What is set side by side unless columns are chosen.
COMPARED: Final = ("runs", "measured", "status", "most_frequent", "occupation")
_LEADING: Final = frozenset({"experiment", "job"})
_ARROW: Final = " → "


def _table(title: str, some: Sequence[Pair], columns: Sequence[Quantity]) -> Table:
    """The same for people: one cell where both say the same, differences of what has an error."""
    spread = [each for quantity in _for_people(columns) for each in _columns(quantity)]
    headings = (Heading("job"), Heading("change"), *(heading for heading, _ in spread))
    rows = tuple(
        (cell_text(pair.job.name), pair.change, *(cell(pair) for _, cell in spread)) for pair in some
    )
    return Table(title, headings, rows)


def _for_people(columns: Sequence[Quantity]) -> list[Quantity]:
    """`runs` and `measured` as one, 50/100; of the bitstrings the first; differences before them."""
    names = {quantity.name for quantity in columns}
    if not {"runs", "measured"} <= names:
        return list(columns)
    runs = Quantity("runs", Kind.TEXT, lambda job: str(job.runs))
    top = Quantity(
        "most frequent", Kind.SEVERAL, lambda job: job.counts.most_frequent(1) if job.counts else []
    )
    merged = {"runs": runs, "most_frequent": top}
    found = [merged.get(quantity.name, quantity) for quantity in columns if quantity.name != "measured"]
    return sorted(found, key=lambda quantity: quantity.name == top.name)


def _columns(quantity: Quantity) -> list[tuple[Heading, Callable[[Pair], str]]]:
    if quantity.kind is not Kind.ESTIMATE:
        heading = Heading(quantity.name, is_spare=quantity.kind is Kind.SEVERAL)
        return [(heading, lambda pair: _both(pair, quantity))]
    return [
        (Heading(f"Δ {quantity.name}", is_right=True), lambda pair: cell_text(apart_by(pair, quantity))),
        (Heading("σ", is_right=True), lambda pair: _sigmas(significance(apart_by(pair, quantity)))),
    ]


def _both(pair: Pair, quantity: Quantity) -> str:
    values: list[Any] = [None if job is None else quantity.of(job) for job in (pair.before, pair.after)]
    before, after = map(cell_text, values)
    if pair.before is None or pair.after is None or before == after:
        return after if pair.after is not None else before
    return f"{before}{_ARROW}{after}"


def _sigmas(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _title(name: str, pairs: Sequence[Pair], shown: int) -> str:
    """How many jobs have changed: `pair: 1 of 3 jobs has changed`."""
    changed = sum(pair.is_changed for pair in pairs)
    total = f"{len(pairs)} job{'' if len(pairs) == 1 else 's'}"
    rest = "" if shown == len(pairs) else f", {shown} shown"
    return f"{name}: {changed} of {total} changed{rest}"


def compare(names: Sequence[str], sides: Sequence[Mapping[str, Declared]], asked: Asked) -> None:
    """Writes the results of two commits side by side.

    Args:
        names: Of the experiments, in the order in which they are shown.

        sides: The experiments before and after, by name.

    Raises:
        UsageError: Something is asked for that only one commit can have.
    """
    if asked.long or asked.form is Form.NETCDF:
        hint = "leave out --long and -o netcdf"
        raise UsageError("two commits are compared job by job, in columns", hint=hint)
    before, after = (
        {name: some[name].results() if name in some else Results(name, ()) for name in names}
        for some in sides
    )
    quantities = Quantities(job for side in (before, after) for some in side.values() for job in some)
    is_meant = asked.chooses(quantities)
    columns = chosen_columns(asked.columns or COMPARED, quantities)
    found = {name: pairs(before[name], after[name]) for name in names}
    shown = {
        name: [pair for pair in some if _is_shown(pair, is_meant, asked)] for name, some in found.items()
    }
    _write(found, shown, [each for each in columns if each.name not in _LEADING], asked)


def _is_shown(pair: Pair, is_meant: Callable[[MeasuredJob], bool], asked: Asked) -> bool:
    if asked.only_changed and not pair.is_changed:
        return False
    return any(is_meant(job) for job in (pair.before, pair.after) if job is not None)


def _write(
    found: Mapping[str, Sequence[Pair]],
    shown: Mapping[str, Sequence[Pair]],
    columns: Sequence[Quantity],
    asked: Asked,
) -> None:
    if asked.form.is_for_people:
        told = {name: some for name, some in shown.items() if some or not asked.only_changed}
        tables = [_table(_title(name, found[name], len(some)), some, columns) for name, some in told.items()]
        put_tables(tables or [Table("nothing has changed", (), ())], asked.form, asked.save)
    else:
        sheet = compared([pair for some in shown.values() for pair in some], columns)
        put_sheet(with_errors(sheet, asked.errors), asked.form, asked.save, list(shown))

"""`runner results`: what came back, chosen, written, and told by an exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runner.cli.exit_code_choice import after_results, say_elsewhere
from runner.cli.render.results_forms import Form, put_netcdf, put_objects, put_sheet, put_tables
from runner.cli.render.results_table import Table, facts_of, sheet_table, summary, title_of
from runner.domain.json_values import plain
from runner.results.analysis.columns import Quantities
from runner.results.analysis.conventions import conventions
from runner.results.export.sheets import LONG, WIDE, chosen_columns, long_sheet, wide_sheet, with_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cli.commands.results_options import Asked
    from runner.project.api import Declared
    from runner.results import JobResult, Results
    from runner.results.export.sheets import Sheet


@dataclass(frozen=True, slots=True)
class _Found:
    """Results of an experiment, and those of them that are meant."""

    experiment: Declared
    all: Results
    shown: Results


def show_results(experiments: Sequence[Declared], asked: Asked) -> int:
    """Shows what came back; answers the exit code."""
    gathered = [each.results() for each in experiments]
    quantities = Quantities(job for some in gathered for job in some)
    is_meant = asked.chooses(quantities)
    found = [
        _Found(each, some, some.where(is_meant)) for each, some in zip(experiments, gathered, strict=True)
    ]
    _write(found, asked, quantities)
    for each in experiments:
        say_elsewhere(each)
    return after_results([(each.experiment, each.shown) for each in found])


def _write(found: Sequence[_Found], asked: Asked, quantities: Quantities) -> None:
    if asked.form is Form.NETCDF:
        put_netcdf([each.shown for each in found], asked.save, counts=asked.long)
    elif asked.form.is_for_people:
        put_tables([_table(each, asked) for each in found], asked.form, asked.save)
    elif asked.form in {Form.JSON, Form.JSONL} and not asked.columns and not asked.long:
        objects = [_object(job) for each in found for job in each.shown]
        put_objects(objects, asked.form, asked.save, [each.all.experiment for each in found])
    else:
        names = ("experiment", *(asked.columns or (LONG if asked.long else WIDE)))
        jobs = [job for each in found for job in each.shown]
        sheet = _sheet(jobs, names, asked, quantities)
        put_sheet(sheet, asked.form, asked.save, [each.all.experiment for each in found])


def _sheet(jobs: Sequence[JobResult], names: Sequence[str], asked: Asked, quantities: Quantities) -> Sheet:
    columns = chosen_columns(names, quantities)
    sheet = long_sheet(jobs, columns) if asked.long else wide_sheet(jobs, columns)
    return with_errors(sheet, asked.errors)


def _table(found: _Found, asked: Asked) -> Table:
    name = f"{found.all.experiment} at {found.experiment.target}"
    title = title_of(name, [job.status for job in found.shown], len(found.all))
    notes = conventions(found.shown)
    if not asked.columns and not asked.long:
        return replace(summary(title, [facts_of(job) for job in found.shown]), notes=notes)
    names = asked.columns or tuple(name for name in LONG if name != "experiment")
    return replace(sheet_table(title, _sheet(found.shown, names, asked, Quantities(found.all))), notes=notes)


def _object(job: JobResult) -> dict[str, Any]:
    """All that is known of a job, as JSON has it."""
    return {
        "experiment": job.experiment,
        "name": job.name,
        "key": job.key,
        "variables": plain(job.variables),
        "runs": job.runs.wanted,
        "measured": job.runs.measured,
        "status": str(job.status),
        "target": job.target,
        "counts": dict(job.counts or {}),
        "qubit_ids": list(job.qubit_ids),
        "job_ids": [each.id for each in job.remote_jobs],
        "errors": list(job.errors),
    }

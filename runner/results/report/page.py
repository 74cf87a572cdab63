"""A report as one page: it opens offline, asks for nothing, and runs no script. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import grouped
from runner.pages import rendered
from runner.results.analysis.points import columns_of
from runner.results.analysis.results import conventions
from runner.results.analysis.variable_units import units_of
from runner.results.report import words
from runner.results.report.svg import inlined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markupsafe import Markup

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.report.report import Drawing, Report

    Column = Mapping[str, str | None]

_TOP: Final = 3
_FLAWS: Final = 20


def page(report: Report) -> str:
    """The page; the same text for the same report."""
    results, known, batches = report.results, report.provenance, report.batches
    ended = [status for batch in batches for status, n in batch.statuses.items() for _ in range(n)]
    return rendered(
        "runner.results",
        "report.html",
        report=report,
        known=known,
        extent=words.extent(results),
        progress=words.progress(results),
        qubits=_qubits(report),
        versions=_versions(known.said("versions")),
        batches=batches,
        batch_columns=[_column(name) for name in ("batch", "jobs", "runs", "created", "ended")],
        remote_jobs=len(ended),
        failed_jobs=len(ended) - ended.count("DONE"),
        began=min((job.started_at for job in results if job.started_at), default=None),
        ended=max((job.ended_at for job in results if job.ended_at), default=None),
        sequence=list(_figures(report.sequence, "sequence")),
        pictures=list(_figures(report.figures, "picture")),
        job_columns=_job_columns(report),
        job_rows=[_job_row(job) for job in results],
        conventions=conventions(results),
        written=_written(known.said("written_at")),
        flaws=[str(replace(flaw, path=Path(flaw.path.name))) for flaw in known.verdict.flaws[:_FLAWS]],
        manifest=known.manifest and json.dumps(known.manifest, indent=2, ensure_ascii=False),
        signs=words.SIGNS,
        counted=grouped,
        moment=words.moment,
        number=words.number,
        spent=words.spent,
    )


def _figures(drawings: Sequence[Drawing], kind: str) -> Iterator[tuple[str, Markup, bool]]:
    """Caption, picture, and whether that is wide; names in each picture begin with another prefix."""
    for place, drawing in enumerate(drawings, 1):
        picture = inlined(drawing.svg, label=drawing.caption, prefix=f"{kind}-{place}-")
        yield drawing.caption, picture, drawing.is_wide


def _column(name: str, kind: str = "", unit: str | None = None) -> Column:
    return {"name": name, "kind": kind or name, "unit": unit}


def _job_columns(report: Report) -> list[Column]:
    units = units_of(report.results)
    names = dict.fromkeys(name for job in report.results for name in columns_of(job.variables))
    return [
        _column("job"),
        *(_column(name, "variable", units.get(name)) for name in names),
        *([_column("round"), _column("objective")] if report.results.strategy else ()),
        _column("status"),
        _column("runs"),
        _column("most frequent bitstrings, errors"),
    ]


def _job_row(job: MeasuredJob) -> dict[str, object]:
    top = job.counts.most_frequent(_TOP) if job.counts else []
    return {
        "job": job,
        "point": columns_of(job.variables),
        "top": top,
        "rest": len(job.counts or ()) - len(top),
        "errors": dict.fromkeys(job.errors),
        "objective": _objective(job),
    }


def _objective(job: MeasuredJob) -> str:
    """The objective with its error; nothing where it has no value."""
    known = job.figures.objective if job.figures else None
    return "–" if known is None or math.isnan(known.value) else str(known)


def _qubits(report: Report) -> str | None:
    orders = dict.fromkeys(job.qubit_ids for job in report.results if job.qubit_ids)
    if len(orders) != 1:
        return None
    (order,) = orders
    return f"{len(order)}: {' '.join(order)} (the order of the bitstrings)"


def _versions(versions: object) -> str | None:
    if not isinstance(versions, dict):
        return None
    return ", ".join(f"{name} {words.number(version)}" for name, version in versions.items())


def _written(at: object) -> str | None:
    try:
        return words.moment(datetime.fromisoformat(at)) if isinstance(at, str) else None
    except ValueError:
        return None

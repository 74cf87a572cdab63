"""What ran, on what, and how it can be told: facts of a report. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.results.report.formatting import counted, moment, number, spent
from runner.results.report.html import Child, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.results.records.verify import Verdict
    from runner.results.report.report import Provenance, Report

_FLAWS: Final = 20


def facts(report: Report) -> Html:
    """Device, recipe, commit, versions, batches, times and cost."""
    known, results = report.provenance, report.results
    bought = sum(batch.runs for batch in report.batches)
    failed = sum(n for batch in report.batches for status, n in batch.statuses.items() if status != "DONE")
    return _list(
        [
            ("device type", report.device_type),
            ("device of the sequence", known.known("device")),
            ("target", report.target or known.known("target")),
            ("qubits", _qubits(report)),
            ("recipe", element("code", report.recipe)),
            ("commit", _commit(known) if known.manifest else "nothing of it was bought yet"),
            ("versions", _versions(known.known("versions"))),
            ("batches", _batches(report)),
            ("began", _first(results, "started_at")),
            ("ended", _last(results, "ended_at")),
            ("measured", spent(bought, report.qpu_s) if report.batches else None),
            ("ended without a result", counted(failed, "remote job") if failed else None),
        ]
    )


def provenance(report: Report) -> Html:
    """File, manifest and records with their digests; what was asked for, whole."""
    known = report.provenance
    listed = _list(
        [
            ("experiment file", joined(element("code", known.path), _edited(known))),
            ("digest of the file", _digest(known.file_digest)),
            ("manifest", element("code", known.manifest_path) if known.manifest_path else None),
            ("digest of the manifest", _digest(known.manifest_digest)),
            ("manifest written", _written(known.known("written_at"))),
            ("records", _records(known.verdict)),
            ("not shown", _others(known.others)),
        ]
    )
    flaws = _flaws(known.verdict)
    asked = _folded("Experiment file, expanded", known.expanded)
    if known.manifest is None:
        return joined(listed, flaws, asked)
    manifest = json.dumps(known.manifest, indent=2, ensure_ascii=False)
    return joined(listed, flaws, asked, _folded("Manifest, as recorded", manifest))


def _list(rows: Iterable[tuple[str, Child]]) -> Html:
    said = [(name, value) for name, value in rows if value]
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in said))


def _qubits(report: Report) -> str | None:
    orders = dict.fromkeys(job.qubit_ids for job in report.results if job.qubit_ids)
    if len(orders) != 1:
        return None
    (order,) = orders
    return f"{len(order)}: {' '.join(order)} (the order of the bitstrings)"


def _commit(known: Provenance) -> Html:
    commit, earlier = known.known("commit"), known.known("earlier")
    if not commit:
        return element("span", "none: the file was in no repository with commits")
    dirty = element("strong", " with changes that were not committed") if known.known("dirty") else None
    others = counted(len(earlier), "other state") if earlier else None
    before = f"; bought from {others} before, told in the manifest" if others else None
    return joined(element("code", str(commit)), dirty, before)


def _versions(versions: Mapping[str, Any] | None) -> str | None:
    if not isinstance(versions, dict):
        return None
    return ", ".join(f"{name} {number(version)}" for name, version in versions.items())


def _batches(report: Report) -> str | None:
    if not report.batches:
        return None
    jobs = sum(n for batch in report.batches for n in batch.statuses.values())
    return f"{counted(len(report.batches), 'batch')} with {counted(jobs, 'remote job')}"


def _first(results: Iterable[Any], name: str) -> str:
    return moment(min(_moments(results, name), default=None))


def _last(results: Iterable[Any], name: str) -> str:
    return moment(max(_moments(results, name), default=None))


def _moments(results: Iterable[Any], name: str) -> Iterator[datetime]:
    return (when for job in results if (when := getattr(job, name)))


def _edited(known: Provenance) -> Html | None:
    if not known.is_edited:
        return None
    return element("strong", " was changed since it was bought; sequence and device type are the same")


def _digest(digest: str) -> Html | None:
    return element("code", f"sha256:{digest}") if digest else None


def _written(at: Any) -> str | None:
    try:
        return moment(datetime.fromisoformat(at))
    except (TypeError, ValueError):
        return None


def _records(verdict: Verdict) -> Html:
    read = f"{counted(verdict.lines, 'remote job')} in {counted(verdict.files, 'file')}, "
    if verdict.flaws:
        return joined(
            read, element("strong", f"{counted(len(verdict.flaws), 'flaw')}: not as they were recorded")
        )
    return joined(read, "all as they were recorded" if verdict.lines else "nothing to check")


def _others(others: int) -> str | None:
    return (
        f"{counted(others, 'remote job')} on record that the file does not ask for any more"
        if others
        else None
    )


def _flaws(verdict: Verdict) -> Html | None:
    if not verdict.flaws:
        return None
    more = len(verdict.flaws) - _FLAWS
    said = [str(replace(flaw, path=Path(flaw.path.name))) for flaw in verdict.flaws[:_FLAWS]]
    said += [f"… and {more:,} more"] if more > 0 else []
    return element("ul", *(element("li", line, class_="error") for line in said))


def _folded(title: str, text: str) -> Html:
    block = element("pre", element("code", text), tabindex="0", role="region", aria_label=title)
    return element("details", element("summary", title), block)

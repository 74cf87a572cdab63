"""Records on disk: `<folder>/<experiment>/<recipe>/<batch id>.jsonl`, one line a job, and a manifest.

Files are written aside and renamed, so that a reader, or a crash, sees the old or the new one. One file a
batch, so that branches merge. The line's format is `schemas/record.schema.json`.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, cast

from runner.domain import (
    CheckedCounts,
    JobStatus,
    RecordedJob,
    built_qubits,
    canonical_json,
    checked_counts,
    digest,
)
from runner.errors import RecordError
from runner.results.records.counted_jobs import each_once
from runner.results.records.files import NAME, folder_obstacles, obstacle, safe_name, write_aside
from runner.results.records.manifest_files import ManifestFiles
from runner.results.records.manifest_history import TARGET
from runner.results.records.observable_lines import ObservableLine, evaluations_on_record, observable_lines
from runner.results.records.sites import says_where

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

_RECORD: Final = "runner/record/v1"
DIGEST: Final = "digest"
_HINT: Final = (
    "`runner results --repair` puts back what git has; else delete the file to have it fetched again, if the"
    " cloud has it still"
)
# What says where a job comes from; records of older versions do not have it.
ORIGIN: Final = (TARGET, "constants")
_LISTS: Final = ("qubit_ids", "errors")
_KINDS: Final = {
    **dict.fromkeys(("job_id", "batch_id", "recipe", "key", "name", "status"), str),
    "variables": dict,
    **dict.fromkeys(_LISTS, list),
}
# Whole numbers, and the least that each can be.
_LEAST: Final = {"runs": 0, "rerun": 0, "attempt": 1}


class RecordLine(TypedDict):
    """One job as a line of a record has it; see `schemas/record.schema.json`."""

    job_id: str
    batch_id: str
    recipe: str
    key: str
    name: str
    variables: dict[str, object]
    runs: int
    rerun: int
    status: str
    attempt: int
    counts: object
    qubit_ids: list[str]
    errors: list[str]
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    target: NotRequired[str]
    constants: NotRequired[str]
    observables: NotRequired[list[ObservableLine]]
    digest: NotRequired[str]


class Records:
    """The records of a repository; usable from several threads, each with another experiment.

    Args:
        folder: Where they are kept; made when the first one is written.

        kept: Where copies of manifests are kept outside git; None for nowhere.
    """

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self._folder = folder
        self.manifests = ManifestFiles(folder, kept)
        self._read: dict[Path, tuple[object, list[RecordedJob]]] = {}

    def of_experiment(self, experiment: str) -> tuple[RecordedJob, ...]:
        """All jobs on record, batch by batch, in the order in which they were added, each once.

        Raises:
            RecordError: A file cannot be read; says which line.
        """
        folder = self._folder / safe_name(experiment)
        for place, said in folder_obstacles(self._folder, folder):
            raise RecordError(f"{place}: the folder of records {said}")
        files = sorted(folder.glob("*/*.jsonl"))
        return each_once(job for file in files for job in self._jobs_of(file))

    def recipes(self, but: Container[str] = ()) -> dict[str, frozenset[str]]:
        """Digests of the recipes on record, 16 hexadecimal digits each, by experiment.

        Args:
            but: Experiments to leave out.
        """
        try:
            named = [each for each in self._folder.iterdir() if NAME.fullmatch(each.name)]
            folders = [each for each in named if each.name not in but and each.is_dir()]
            return {each.name: frozenset(below.name for below in each.iterdir()) for each in folders}
        except OSError:
            return {}  # there are none, or they are being written at this moment

    def add(self, experiment: str, jobs: Iterable[RecordedJob], order: Iterable[str] = ()) -> None:
        """Puts jobs of one batch on record; a job that is there already is replaced.

        Args:
            order: Ids of the batch's jobs, in the order in which they were added.
        """
        fresh = {job.id: job for job in jobs}
        if not fresh:
            return
        one = next(iter(fresh.values()))
        path = self._batch_file(experiment, one)
        lines = self._lines_of(path) if path.exists() else {}  # as they are: their digests stay true
        lines |= {job_id: record_line(job) for job_id, job in fresh.items()}
        place = {job_id: index for index, job_id in enumerate(order)}
        merged = sorted(lines, key=lambda job_id: place.get(job_id, len(place)))
        write_aside(path, "".join(lines[job_id] + "\n" for job_id in merged))

    def withdraw(self, experiment: str, jobs: Iterable[RecordedJob]) -> None:
        """Takes jobs from the record that never ended as it says; a file without any is removed."""
        of_file: dict[Path, set[str]] = {}
        for job in jobs:
            of_file.setdefault(self._batch_file(experiment, job), set()).add(job.id)
        for path, ids in of_file.items():
            lines = self._lines_of(path) if path.exists() else {}
            kept = [text for job_id, text in lines.items() if job_id not in ids]
            if kept and len(kept) < len(lines):
                write_aside(path, "".join(line + "\n" for line in kept))
            elif lines and not kept:
                path.unlink()

    def batch_ids(self, experiment: str, recipe: str) -> list[str]:
        """Batches of a recipe that are on record."""
        return sorted(file.stem for file in self._recipe_folder(experiment, recipe).glob("*.jsonl"))

    def complete(self, experiment: str, jobs: Iterable[RecordedJob]) -> None:
        """Writes down where jobs on record come from, once that is proved; all else of a line stays.

        A line that is not as it was recorded stays as it is, so that this can still be seen.
        """
        of_file: dict[Path, dict[str, RecordedJob]] = {}
        for job in jobs:
            path = self._batch_file(experiment, job)
            of_file.setdefault(path, {})[job.id] = job
        for path, known in of_file.items():
            if path.exists():
                lines = [_completed(line, known) for line in lines_of(path)]
                write_aside(path, "".join(line + "\n" for line in lines))

    def add_serialised(self, experiment: str, job: RecordedJob, text: str) -> None:
        """Keeps what an emulator gave beside the counts: Pulser's own serialised results."""
        write_aside(self._serialised_file(experiment, job), text)

    def serialised(self, experiment: str, job: RecordedJob) -> str | None:
        """What an emulator gave beside the counts; None where nothing is kept.

        Raises:
            RecordError: It is there and cannot be read.
        """
        path = self._serialised_file(experiment, job)
        if said := obstacle(path):
            raise RecordError(f"{path}: what an emulator gave {said}")
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise RecordError(f"{path}: cannot be read: {error}") from error

    def write_manifest(self, experiment: str, recipe: str, manifest: Mapping[str, object]) -> None:
        """Writes down what is being run: everything needed to know it after years.

        What an earlier manifest of the recipe says otherwise stays in it, under `earlier`.
        """
        self.manifests.write(experiment, recipe, manifest)

    def manifest(self, experiment: str, recipe: str) -> dict[str, Any] | None:
        """What is known of a recipe that was run; None when nothing is, or the file is broken."""
        return self.manifests.read(experiment, recipe)

    def _jobs_of(self, file: Path) -> list[RecordedJob]:
        """The jobs of a file, read again only when it is another one: every pass asks for all of them."""
        if said := obstacle(file):
            raise RecordError(f"{file}: the record {said}", hint=_HINT)
        now = file.stat()
        version = (now.st_ino, now.st_mtime_ns, now.st_size)
        known = self._read.get(file)
        if known is None or known[0] != version:
            known = self._read[file] = (version, _read_file(file))
        return known[1]

    def _lines_of(self, file: Path) -> dict[str, str]:
        """The lines of a file, by the ids of their jobs; a later line of the same job counts."""
        jobs = self._jobs_of(file)
        return {job.id: text for job, text in zip(jobs, lines_of(file), strict=True)}

    def _batch_file(self, experiment: str, job: RecordedJob) -> Path:
        return self._recipe_folder(experiment, job.recipe) / f"{safe_name(job.batch_id)}.jsonl"

    def _serialised_file(self, experiment: str, job: RecordedJob) -> Path:
        folder = self._recipe_folder(experiment, job.recipe) / safe_name(job.batch_id)
        return folder / f"{safe_name(job.id)}.pulser.json"

    def _recipe_folder(self, experiment: str, recipe: str) -> Path:
        return self._folder / safe_name(experiment) / safe_name(recipe)


def record_line(job: RecordedJob) -> str:
    """One line of a record, without its end."""
    value: dict[str, object] = {
        "record": _RECORD,
        "key": job.key,
        "name": job.name,
        "variables": dict(job.variables),
        "runs": job.runs,
        "status": job.status,
        "attempt": job.attempt,
        "counts": dict(job.counts),
        "qubit_ids": list(job.qubit_ids),
        "job_id": job.id,
        "batch_id": job.batch_id,
        "recipe": job.recipe,
        "rerun": job.rerun,
        "created_at": _text(job.created_at),
        "started_at": _text(job.started_at),
        "ended_at": _text(job.ended_at),
        "errors": list(job.errors),
        **({"observables": observable_lines(job.observables)} if job.observables else {}),
        **{name: said for name in ORIGIN if (said := getattr(job, name))},
    }
    value[DIGEST] = _digest(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _completed(line: str, known: Mapping[str, RecordedJob]) -> str:
    """A line with what is known now of where its job comes from."""
    value = json.loads(line)
    job, said = known.get(value["job_id"]), value.pop(DIGEST, None)
    known_now = {name: getattr(job, name) for name in ORIGIN if job and getattr(job, name)}
    added = {name: each for name, each in known_now.items() if not _is_settled(name, value.get(name, ""))}
    if not added or (said is not None and said != digest(value)):
        return line
    value |= added
    whole = value if said is None else {**value, DIGEST: digest(value)}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def _is_settled(name: str, said: str) -> bool:
    """Whether a line says for good where its job comes from: where it was not measured is no answer."""
    return says_where(said) if name == TARGET else bool(said)


def _digest(line: Mapping[str, object]) -> str:
    """The same as `runner.domain.digest`, ten times quicker: most of a line is counts.

    Bitstrings need no escapes and counts are integers, so that sorted they are canonical already.
    """
    parts = {name: canonical_json(value) for name, value in line.items() if name != "counts"}
    parts["counts"] = json.dumps(line["counts"], sort_keys=True, separators=(",", ":")).encode()
    members = (b'"%s":%s' % (name.encode(), parts[name]) for name in sorted(parts))
    return hashlib.sha256(b"{%s}" % b",".join(members)).hexdigest()


def read_record(line: str, experiment: str = "") -> RecordedJob:
    """The job of one line; where its counts cannot be right, without them, and with that among its errors.

    So it stays bought, and everything else on record can be read.

    Args:
        experiment: The name that it is on record under.

    Raises:
        ValueError: The line is no record of a job.
    """
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise ValueError("no record of a job: it is nested too deeply") from error
    if not isinstance(value, dict) or value.get("record") != _RECORD:
        raise ValueError(f"no record of a job: `record` must be {_RECORD!r}")
    try:
        return _record_of(_checked(value), experiment)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no record of a job: {error}") from error


def lines_of(path: Path) -> list[str]:
    """The lines of a record; a line ends with a newline alone, as other ends may stand in a text of JSON.

    Raises:
        OSError: The file cannot be read.

        UnicodeDecodeError: It is no text.
    """
    text = path.read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n") if text else []


def _checked(value: dict[str, Any]) -> RecordLine:
    """A line whose values are of their kinds; a person may have edited it.

    Raises:
        KeyError: Something is missing.

        TypeError: Something is of another kind.

        ValueError: There is no such status.
    """
    wrong = [
        *(name for name, kind in _KINDS.items() if not isinstance(value[name], kind)),
        *(name for name, least in _LEAST.items() if type(value[name]) is not int or value[name] < least),
        *(name for name in ORIGIN if not isinstance(value.get(name, ""), str)),
    ]
    wrong = wrong or [name for name in _LISTS if not all(isinstance(each, str) for each in value[name])]
    if wrong:
        raise TypeError(f"`{wrong[0]}` is {value[wrong[0]]!r}")
    if not JobStatus(value["status"]).is_terminal:
        raise TypeError(f"`status` is {value['status']!r}, which is no end of a job")
    return cast("RecordLine", value)


def counts_of(value: RecordLine) -> CheckedCounts:
    """What a line says was counted; nothing is no problem, as the result may be still to come.

    Args:
        value: The line; all else of it is as it should be.
    """
    if value["counts"] == {}:
        return CheckedCounts()
    qubit_ids = built_qubits(tuple(value["qubit_ids"]), value["variables"])
    return checked_counts(value["counts"], n_qubits=len(qubit_ids) or None, runs=value["runs"] or None)


def _record_of(value: RecordLine, experiment: str) -> RecordedJob:
    checked = counts_of(value)
    observables, wrong = evaluations_on_record(value.get("observables", ()))
    if checked.problem:
        wrong = (f"the result on record cannot be right: {checked.problem}", *wrong)
    return RecordedJob(
        id=value["job_id"],
        batch_id=value["batch_id"],
        recipe=value["recipe"],
        key=value["key"],
        status=JobStatus(value["status"]),
        runs=value["runs"],
        name=value["name"],
        variables=value["variables"],
        rerun=value["rerun"],
        attempt=value["attempt"],
        created_at=_moment(value["created_at"]),
        started_at=_moment(value["started_at"]),
        ended_at=_moment(value["ended_at"]),
        counts=checked.counts,
        qubit_ids=tuple(value["qubit_ids"]),
        errors=(*value["errors"], *wrong),
        target=value.get("target", ""),
        constants=value.get("constants", ""),
        observables=observables,
        experiment=experiment,
    )


def _read_file(path: Path) -> list[RecordedJob]:
    experiment = path.parent.parent.name
    try:
        lines = lines_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: the record cannot be read: {error}") from error
    if not lines:
        raise RecordError(f"{path}: the record is empty, as no runner writes one", hint=_HINT)
    jobs = []
    for number, line in enumerate(lines, 1):
        try:
            jobs.append(read_record(line, experiment))
        except ValueError as error:
            raise RecordError(f"{path}:{number}: {error}", hint=_HINT) from error
    return jobs


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment

"""Whether records still say what was recorded: every digest and every sum computed anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from jsonschema import Draft202012Validator

from runner.domain import digest, job_key, own_sequence_key
from runner.results.records.counted_jobs import contradiction
from runner.results.records.files import folder_obstacles, obstacle
from runner.results.records.manifest_files import checked_recipe
from runner.results.records.records import DIGEST, RecordLine, counts_of, lines_of, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from runner.domain import RecordedJob

_SERIALISED = ".pulser.json"
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """One thing that is not as it was recorded.

    Args:
        path: The file.

        line: Counted from 1; 0 for the file as a whole.

        job_id: The job that it is a flaw of; empty where it is of all in the file or in its folder.
    """

    path: Path
    line: int
    message: str
    job_id: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and what is wrong with it.

    Args:
        lines: How many lines were read, one a job.

        files: In how many files of batches.
    """

    lines: int
    files: int
    flaws: tuple[Flaw, ...]

    def flaws_of(self, job: RecordedJob) -> tuple[Flaw, ...]:
        """What is wrong with the record of one job, or with what it shares with others."""
        return tuple(flaw for flaw in self.flaws if _concerns(flaw, job))


def _concerns(flaw: Flaw, job: RecordedJob) -> bool:
    if flaw.job_id:
        return flaw.job_id == job.id
    is_of_recipe = flaw.path.parent.name == job.recipe
    return is_of_recipe and (flaw.path.stem == job.batch_id or flaw.path.name == _MANIFEST)


def verified(folders: Iterable[Path], schema: Mapping[str, object]) -> Verdict:
    """What of some experiments' records can be shown to be as it was recorded.

    Of each line: that it is as its schema says, its digest (of older lines, which have none, the key of the
    point, and that no shots are missing), that its counts can be right, and that it lies in the folder of its
    recipe and in the file of its batch. Of Pulser's serialised results: that they hold the same counts. Of
    each manifest: that its device type and sequence make its recipe. A job may be on record twice, as merges
    and reverts leave it, and counts once: it is told where the two say something else.

    Args:
        folders: One for each experiment, with a folder for each recipe in it.

        schema: That of a line.
    """
    judge = Draft202012Validator(schema)
    known = list(folders)
    there = (folder for folder in known if folder.is_dir())
    recipes = [recipe for folder in there for recipe in sorted(folder.iterdir()) if recipe.is_dir()]
    files = [file for recipe in recipes for file in sorted(recipe.glob("*.jsonl"))]
    lines = [line for file in files for line in _lines(file)]
    flaws = [line for line in lines if isinstance(line, Flaw)]
    read = [line for line in lines if not isinstance(line, Flaw)]
    flaws += [flaw for line in read for flaw in (*_flaws_of_schema(line, judge), *_flaws_of_line(line))]
    flaws += [
        Flaw(place, 0, f"the folder of records {said}")
        for folder in known
        for place, said in folder_obstacles(folder.parent, folder)
    ]
    flaws += _twice(read)
    flaws += [flaw for recipe in recipes for flaw in _flaws_of_manifest(recipe)]
    # What belongs to a line that cannot be read still belongs to it, though that cannot be told.
    broken = {(flaw.path.parent, flaw.path.stem) for flaw in lines if isinstance(flaw, Flaw)}
    flaws += [
        flaw
        for flaw, is_lost in _flaws_of_serialised(recipes, read)
        if not is_lost or (flaw.path.parent.parent, flaw.path.parent.name) not in broken
    ]
    return Verdict(len(lines), len(files), tuple(sorted(set(flaws))))


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path
    number: int
    value: RecordLine
    job: RecordedJob

    def flaw(self, message: str) -> Flaw:
        return Flaw(self.path, self.number, message, self.job.id)


def _lines(file: Path) -> Iterator[_Line | Flaw]:
    if said := obstacle(file):
        yield Flaw(file, 0, f"cannot be read: it {said}")
        return
    try:
        texts = lines_of(file)
    except (OSError, UnicodeDecodeError) as error:
        yield Flaw(file, 0, f"cannot be read: {error}")
        return
    if not texts:
        yield Flaw(file, 0, "is empty, as no runner writes one")
    for number, text in enumerate(texts, 1):
        try:
            job = read_record(text)  # first, for it says what json cannot
            yield _Line(file, number, json.loads(text), job)
        except json.JSONDecodeError as error:
            yield Flaw(file, number, f"no record of a job, but {text[:20]!r}: {error.msg}")
        except ValueError as error:
            yield Flaw(file, number, str(error))


def _flaws_of_schema(line: _Line, judge: Draft202012Validator) -> Iterator[Flaw]:
    """The first thing that is not as the schema says; of a changed line, its digest says enough."""
    # Most of the time would go into counts, and what is told of them is told in better words.
    value = {**line.value, "counts": {}}
    error = next(judge.iter_errors(value), None)
    if error is not None and not _is_changed(line.value):
        place = ".".join(map(str, error.absolute_path))
        yield line.flaw(f"not as its schema says: {place and f'`{place}`: '}{error.message}")


def _is_changed(value: RecordLine) -> bool:
    """Whether a line has a digest, and it is another one."""
    rest: dict[str, object] = {**value}
    said = rest.pop(DIGEST, None)
    return said is not None and _or_none(digest, rest) != said


def _flaws_of_line(line: _Line) -> Iterator[Flaw]:
    job = line.job
    if line.value.get(DIGEST) is None and _or_none(job_key, job.variables) != job.key:
        yield line.flaw("the key is not that of the variables")
    if _is_changed(line.value):
        yield line.flaw("the digest is not that of the line: it was changed after it was recorded")
    if job.recipe != line.path.parent.name:
        yield line.flaw(f"the recipe is {job.recipe}, not that of the folder")
    if job.batch_id != line.path.stem:
        yield line.flaw(f"the batch is {job.batch_id}, not that of the file")
    problem = counts_of(line.value).problem
    if problem:
        yield line.flaw(f"the result cannot be right: {problem}")
    if job.missing_shots and line.value.get(DIGEST) is None:  # else it vouches for what came back
        yield line.flaw(f"{job.runs - job.missing_shots} runs are counted, and the job had {job.runs}")


def _or_none(made: Callable[[Mapping[str, object]], str], value: Mapping[str, object]) -> str | None:
    """A digest; None of what no digest can be made of."""
    try:
        return made(value)
    except (TypeError, ValueError):
        return None


def _twice(lines: Iterable[_Line]) -> Iterator[Flaw]:
    first: dict[str, _Line] = {}
    for line in lines:
        other = first.setdefault(line.job.id, line)
        differs = contradiction(line.job, other.job)
        if differs:
            place = f"{other.path.name}:{other.number}"
            yield line.flaw(f"job {line.job.id} is on record twice, with another `{differs}`: see {place}")


def _flaws_of_manifest(recipe: Path) -> Iterator[Flaw]:
    path = recipe / _MANIFEST
    if said := obstacle(path):
        yield Flaw(path, 0, f"is no manifest: it {said}")
        return
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        made = checked_recipe(value)
        own = {key: own_sequence_key(json.dumps(each)) for key, each in value.get("sequences", {}).items()}
    except FileNotFoundError:
        yield Flaw(path, 0, "is missing: nobody can tell what was run")
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        yield Flaw(path, 0, f"is no manifest: {type(error).__name__}: {error}")
        return
    if made != value.get("recipe") or made[: len(recipe.name)] != recipe.name:
        yield Flaw(path, 0, f"device type and sequence make the recipe {made[:16]}, not that of the folder")
    for key in (key for key, each in own.items() if each != key):
        yield Flaw(path, 0, f"the sequence of the point {key} is another one: its key would be {own[key]}")


def _flaws_of_serialised(recipes: Iterable[Path], lines: Iterable[_Line]) -> Iterator[tuple[Flaw, bool]]:
    """Flaws, each with whether it is for want of a line."""
    jobs = {(line.path.parent.name, line.job.batch_id, line.job.id): line.job for line in lines}
    for recipe in recipes:
        for path in sorted(recipe.glob(f"*/*{_SERIALISED}")):
            job = jobs.get((recipe.name, path.parent.name, path.name.removesuffix(_SERIALISED)))
            message = "belongs to no job on record" if job is None else _said_otherwise(path, job)
            if message:
                yield Flaw(path, 0, message, job.id if job else ""), job is None


def serialised_without_line(recipes: Iterable[Path]) -> Iterator[Path]:
    """Pulser's serialised results that belong to no job on record; none where a line cannot be read."""
    for recipe in recipes:
        lines = [line for file in recipe.glob("*.jsonl") for line in _lines(file)]
        known = {(line.job.batch_id, line.job.id) for line in lines if isinstance(line, _Line)}
        if not any(isinstance(line, Flaw) for line in lines):
            for path in sorted(recipe.glob(f"*/*{_SERIALISED}")):
                if (path.parent.name, path.name.removesuffix(_SERIALISED)) not in known:
                    yield path


class _Serialised(TypedDict):
    """What is read of the results that Pulser serialised."""

    tagmap: dict[str, str]
    results: dict[str, list[dict[str, int]]]


def _said_otherwise(path: Path, job: RecordedJob) -> str:
    """What Pulser's serialised results say otherwise than the record; empty when they agree."""
    if said := obstacle(path):
        return f"it {said}"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        final = {_without_zeros(each) for each in _bitstrings(value)}
        order = tuple(value["atom_order"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"these are no results of Pulser: {type(error).__name__}: {error}"
    if final and job.counts and _without_zeros(job.counts) not in final:
        return "the bitstrings are not those on record"
    if job.qubit_ids and order != job.qubit_ids:
        return "the qubits are in another order than on record"
    return ""


def _bitstrings(value: _Serialised) -> Iterator[Mapping[str, int]]:
    """The last bitstrings of each observable that has some: one of them is what the cloud counted."""
    for tag, uuid in value["tagmap"].items():
        if tag.startswith("bitstrings"):
            yield value["results"][uuid][-1]


def _without_zeros(counts: Mapping[str, int]) -> frozenset[tuple[str, int]]:
    return frozenset((bitstring, count) for bitstring, count in counts.items() if count)

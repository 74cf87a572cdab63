"""Whether a batch that nobody knows as ours is what a file asks for, and what speaks against it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus, constants_differences, recipe_parts
from runner.domain.identity import device_constants, measured_constants
from runner.domain.numerals import counted
from runner.reconcile.model.entries import RequestKind
from runner.reconcile.model.repetitions import FIRST, Repetitions, fitting
from runner.reconcile.model.tags import read_marks
from runner.reconcile.observe.payloads import observed_batch, observed_jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, DesiredJob, ObservedBatch, ObservedJob
    from runner.reconcile.model.entries import JournalEntry

_MOST: Final = 5  # of differences that are told
_CHARACTERS: Final = 60
_COUNTS_NOT: Final = frozenset({JobStatus.ERROR, JobStatus.CANCELED, JobStatus.CANCELING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One job of the file, and what a batch holds of it.

    Args:
        there: The batch's jobs of the same point, in the order in which they were added.
    """

    job: DesiredJob
    there: tuple[ObservedJob, ...]

    @property
    def runs(self) -> int:
        """Runs that are measured, or under way."""
        return sum(job.runs for job in self.there if job.status not in _COUNTS_NOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A batch beside a file.

    Args:
        matches: One for each job of the file, in file order.

        unasked: Jobs of the batch that the file does not ask for.

        objections: Why it cannot be taken over; empty if it can.

        repetitions: Those that its jobs are, or would be, of their points.

        constants: Digest of the constants of the device of its sequence; empty where it does not tell.
    """

    batch: ObservedBatch
    matches: tuple[Match, ...]
    unasked: tuple[ObservedJob, ...]
    objections: tuple[str, ...]
    repetitions: Repetitions = FIRST
    constants: str = ""

    @property
    def reruns(self) -> tuple[int, ...]:
        """Counters of the jobs that it holds, in order; a batch that is taken over has one."""
        return tuple(sorted({match.job.rerun for match in self.matches if match.there}))


def candidate(
    desired: DesiredExperiment,
    namespace: str,
    payload: Payload,
    jobs: Sequence[Payload],
    *,
    repetitions: Repetitions = FIRST,
) -> Candidate:
    """A batch of another tool as the file sees it.

    Args:
        payload: The batch, with its sequence.

        jobs: Its jobs, in the order in which they were added.

        repetitions: Those that its jobs are taken for, of their points.

    Raises:
        WireFormatError: A field that decisions rest on is missing.
    """
    batch = replace(observed_batch(payload), jobs=observed_jobs(jobs, repetitions))
    matches = tuple(Match(job=job, there=_there(job, batch)) for job in desired.jobs)
    matched = {each.id for match in matches for each in match.there}
    objections = [*_of_owner(batch, namespace), *recipe_objections(desired, payload)]
    if batch.open:
        objections.append("it is still open: whoever opened it may add jobs; close it first")
    if not any(match.there for match in matches):
        objections.append("none of its jobs is one that the file asks for")
    found = Candidate(
        batch=batch,
        matches=matches,
        unasked=tuple(each for each in batch.jobs if each.id not in matched),
        objections=tuple(objections),
        repetitions=repetitions,
        constants=measured_constants(payload.get("sequence_builder") or "", desired.device_type),
    )
    return replace(found, objections=(*objections, *_of_reruns(found)))


def _there(job: DesiredJob, batch: ObservedBatch) -> tuple[ObservedJob, ...]:
    return tuple(each for each in batch.jobs if each.key == job.key and _is_as_asked(job, each))


def _is_as_asked(job: DesiredJob, there: ObservedJob) -> bool:
    """The rerun is still to be said on the batch."""
    return job.counts(rerun=job.rerun, runs=there.runs)


def free_repetitions(
    desired: DesiredExperiment, jobs: Sequence[Payload], held: Collection[str]
) -> Repetitions:
    """Which repetitions the jobs of a batch can be taken for: the first that nothing is bought for.

    Args:
        jobs: Payloads, in the order in which they were added.

        held: Keys of wanted jobs that something is bought for.
    """
    return fitting(desired, observed_jobs(jobs), held)


def _of_reruns(found: Candidate) -> Iterator[str]:
    if len(found.reruns) > 1:
        said = " and ".join(map(str, found.reruns))
        yield f"the file counts `rerun` differently for its jobs ({said}), and a batch has one number"


def _of_owner(batch: ObservedBatch, namespace: str) -> Iterator[str]:
    marks = read_marks(batch.tags)
    if marks.namespace == namespace:
        yield f"it is this repository's already, of the experiment {marks.experiment or 'without a name'}"
    elif marks.namespace:
        yield f"it belongs to another repository, with the namespace {marks.namespace!r}"


def recipe_objections(desired: DesiredExperiment, payload: Payload) -> Iterator[str]:
    """What makes a batch another recipe than the file's."""
    device_type = payload.get("device_type")
    if device_type != desired.device_type:
        yield f"its device type is {device_type}, the file says {desired.device_type}"
    if payload.get("configuration"):
        yield "it has a configuration of its own, which files cannot ask for"
    if payload.get("backend_configuration") and not desired.configuration:
        yield "it has a backend_configuration, and the file has no emulation"
    if desired.configuration:
        yield "the file says how it is emulated, and what emulated the batch is not known to be the same"
    yield from _constants_objections(desired, payload.get("sequence_builder") or "")
    yield from islice(_sequence_differences(desired.sequence, payload.get("sequence_builder")), _MOST)


def _constants_objections(desired: DesiredExperiment, theirs: str) -> Iterator[str]:
    """What a name of a device hides: emulated, other constants are another experiment."""
    have = measured_constants(theirs, desired.device_type)
    if desired.takes_constants(have):
        return
    both = [device_constants(each, desired.device_type) for each in (theirs, desired.sequence)]
    for path, there, here in islice(constants_differences(*both), _MOST):
        yield f"its device has another {path}: {_short(there)}, the file {_short(here)}"


def _sequence_differences(ours: str, theirs: str | None) -> Iterator[str]:
    if not ours or not theirs:
        if ours:
            yield "it has no sequence, and the file has one beside those of its jobs"
        elif theirs:
            yield "it has a sequence, and the file has only those of its jobs"
        return
    try:
        parts = [recipe_parts(device_type="", sequence=each)["sequence"] for each in (ours, theirs)]
    except ValueError as error:
        yield f"its sequence cannot be read: {error}"
        return
    if "layout" not in parts[0]:  # any traps do for atoms that are where the file wants them
        parts[1].pop("layout", None)
    for pointer, have, want in differences(parts[1], parts[0]):
        yield f"its sequence differs at {pointer}: it has {_short(have)}, the file {_short(want)}"


_NOTHING: Final = object()


def differences(have: object, want: object, pointer: str = "") -> Iterator[tuple[str, object, object]]:
    """Where two JSON values differ: pointer, and what stands there; numbers are compared by value."""
    if isinstance(have, dict) and isinstance(want, dict):
        for key in sorted(have.keys() | want.keys()):
            yield from differences(have.get(key, _NOTHING), want.get(key, _NOTHING), f"{pointer}/{key}")
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for index, pair in enumerate(zip(have, want, strict=True)):
            yield from differences(*pair, f"{pointer}/{index}")
    elif isinstance(have, bool) is not isinstance(want, bool) or have != want:
        yield pointer or "/", have, want


def _short(value: object) -> str:
    text = "nothing" if value is _NOTHING else repr(value)
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"


# A submission that got lost


def lost_submissions(
    entries: Iterable[JournalEntry], batches: Iterable[ObservedBatch]
) -> tuple[JournalEntry, ...]:
    """Purchases with one POST of which nobody knows whether they were accepted, oldest first."""
    landed = {read_marks(batch.tags).claim for batch in batches}
    return tuple(
        e for e in entries if e.kind is RequestKind.SUBMIT and not e.state.is_clear and e.claim not in landed
    )


def submission_objections(
    desired: DesiredExperiment, namespace: str, entry: JournalEntry, found: Candidate
) -> Iterator[str]:
    """Why a batch cannot be a certain lost submission of ours; `found` tells of its recipe."""
    marks = read_marks(found.batch.tags)
    if marks.namespace not in {"", namespace}:
        yield f"it belongs to another repository, with the namespace {marks.namespace!r}"
    if marks.experiment not in {"", desired.name}:
        yield f"it is one of the experiment {marks.experiment}"
    if marks.claim not in {"", entry.claim}:
        yield "it is another submission of this repository"
    there = Counter((job.key, job.runs) for job in found.batch.jobs)
    sent = Counter(entry.jobs)
    yield from _of_reruns(found)
    names = {job.key: job.name for job in desired.jobs}
    for (key, runs), count in (sent - there).items():
        yield f"it lacks {count} of the jobs that were sent: {names.get(key, key)} with {runs} runs"
    for (key, runs), count in (there - sent).items():
        yield f"it holds {counted(count, 'job')} not sent: {names.get(key, key)} with {runs} runs"

"""What this process was told and has seen of the cloud, and since when.

Every view of a cloud may lag by itself: a list, the jobs of a batch, a count, a tag. What an answer to our
own request has said is true from then on, whatever a list shows; of two states of a job, the later one is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from runner.domain import BatchStatus, JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment
    from runner.reconcile.model.actions import Hold

_PENDING, _UNDER_WAY, _ENDED = range(3)
# What of a job never changes.
_LASTING: Final = frozenset({"runs", "variables"})
# Once so, a batch does not come back from it.
_ENDING: Final = frozenset(
    {BatchStatus.CANCELING, BatchStatus.CANCELED, BatchStatus.DONE, BatchStatus.TIMED_OUT, BatchStatus.ERROR}
)


class CloudMemory:
    """What was told and seen, by the ids of batches; usable from several threads.

    Args:
        monotonic: Seconds that only ever grow: no clock that is set counts here.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._batches: dict[str, Payload] = {}
        self._jobs: dict[str, dict[str, Payload]] = {}
        self._listed: dict[str, set[str]] = {}
        self._marks: dict[str, tuple[str, ...]] = {}
        self._lost: dict[str, tuple[str, ...]] = {}
        self._counts: dict[str, int] = {}
        self._since_s: dict[Hashable, float] = {}
        self._conflicts: Counter[str] = Counter()
        self._refused: dict[str, tuple[DesiredExperiment, Hold]] = {}

    # What was told

    def hear(self, answer: Mapping[str, object]) -> None:
        """Keeps what the answer to a request of ours says of a batch and its jobs."""
        batch_id = answer.get("id")
        if isinstance(batch_id, str):
            told = {name: each for name, each in answer.items() if name not in {"jobs", "sequence_builder"}}
            self._batches[batch_id] = told
            self.hear_jobs(batch_id, jobs_in(answer))

    def mark(self, batch_id: str, mark: str, *, instead_of: str = "") -> None:
        """Keeps that we have put a tag on a batch, in the place of another one if that is said."""
        kept = (each for each in self._marks.get(batch_id, ()) if each not in {mark, instead_of})
        self._marks[batch_id] = (*kept, mark)
        self._since_s[batch_id, "said", mark] = self.now_s()

    def lost_tags(self, batch_id: str) -> tuple[str, ...]:
        """Those that we have put on a batch and that it did not show the last time."""
        return self._lost.get(batch_id, ())

    def told_batch(self, batch_id: str) -> Payload | None:
        """A batch as the last answer to a request of ours had it; None where there was none."""
        return self._batches.get(batch_id)

    def told(self) -> frozenset[str]:
        """Ids of all batches that answers to our requests told of."""
        return frozenset(self._batches)

    def batch(self, shown: Payload) -> Payload:
        """A batch as it is shown, brought up to what was told of it; no batch has fewer jobs than before."""
        shown = shown | self._most_jobs(shown)
        marks = self._marks.get(shown["id"], ())
        tags = shown.get("tags") or []
        if marks and isinstance(tags, list):
            lost = self._lost[shown["id"]] = tuple(mark for mark in marks if mark not in tags)
            shown = shown | {"tags": [*tags, *lost]}
        told = self._batches.get(shown["id"])
        if told is None:
            return shown
        is_behind = _is_ending(told) and not _is_ending(shown)
        return shown | {
            "open": bool(shown.get("open")) and bool(told.get("open")),
            "status": told["status"] if is_behind else shown.get("status"),
        }

    def _most_jobs(self, shown: Payload) -> Payload:
        """The most jobs that a batch was ever shown with; nothing where no number of them is shown."""
        count, batch_id = shown.get("jobs_count"), shown["id"]
        if type(count) is not int or count < 0:
            return {}
        self._counts[batch_id] = max(count, self._counts.get(batch_id, 0))
        return {"jobs_count": self._counts[batch_id]}

    def jobs(self, batch_id: str, shown: Iterable[Payload]) -> list[Payload]:
        """All jobs that were ever shown or told of a batch, each in its latest state, in creation order.

        Args:
            shown: All that the list of its jobs has now.
        """
        listed = list(shown)
        self._listed[batch_id] = {job["id"] for job in listed}
        known = self.hear_jobs(batch_id, listed)
        if self.unlisted(batch_id):
            self.seconds_of((batch_id, "unlisted"), self.now_s())
        else:
            self.forget((batch_id, "unlisted"))
        return known

    def hear_jobs(self, batch_id: str, jobs: Iterable[Payload]) -> list[Payload]:
        """Keeps what answers for single jobs of a batch say; gives all of its jobs, as `jobs` does."""
        known = self._jobs.setdefault(batch_id, {})
        for job in jobs:
            before = known.get(job["id"], {"batch_id": batch_id})
            # A field that was told once is not untold by an answer that leaves it out.
            news = [name for name in job if _is_told(job, name) or not _is_told(before, name)]
            if job["id"] in known and _progress(before) > _progress(job):
                # An older answer still tells what never changes.
                news = [name for name in news if name in _LASTING and not _is_told(before, name)]
            known[job["id"]] = before | {name: job[name] for name in news}
        return sorted(known.values(), key=_creation_order)

    def job_ids(self, batch_id: str) -> frozenset[str]:
        """Ids of all jobs that were ever shown or told of a batch."""
        return frozenset(self._jobs.get(batch_id, ()))

    def unlisted(self, batch_id: str) -> frozenset[str]:
        """Ids of jobs of a batch that are known, and that its last list does not have."""
        return self.job_ids(batch_id) - self._listed.get(batch_id, frozenset())

    # What was refused

    def refuse(self, desired: DesiredExperiment, hold: Hold) -> None:
        """Nothing more is bought for an experiment until it asks for something else."""
        self._refused[desired.name] = desired, hold

    def refusal(self, desired: DesiredExperiment) -> Hold | None:
        """Why nothing more is bought for what an experiment asks for; None where it may be."""
        refused, hold = self._refused.get(desired.name, (None, None))
        return hold if refused == desired else None

    def count_conflict(self, experiment: str) -> int:
        """How often in a row a batch of an experiment was found shut, with this time."""
        self._conflicts[experiment] += 1
        return self._conflicts[experiment]

    def forget_conflicts(self, experiment: str) -> None:
        """A purchase of an experiment was accepted: its batches are not always shut too early."""
        self._conflicts.pop(experiment, None)

    # Since when

    def now_s(self) -> float:
        """A moment of the clock that only ever grows (in s)."""
        return self._monotonic()

    def seconds_of(self, what: Hashable, now_s: float, *, already_s: float = 0.0) -> float:
        """For how long something has been seen (in s).

        Args:
            now_s: The moment that is asked about, see `now_s`.

            already_s: How long it had been so when it was first asked about.
        """
        return now_s - self._since_s.setdefault(what, now_s - already_s)

    def seconds_seen(self, what: Hashable, now_s: float) -> float:
        """For how long something of the cloud has been seen, at the moment that a look began (in s).

        What a look sees first may have come about while it was under way, and counts from here on.
        """
        return max(0.0, now_s - self._since_s.setdefault(what, self.now_s()))

    def is_known(self, what: Hashable) -> bool:
        """Whether it has been asked for how long something has been seen."""
        return what in self._since_s

    def lost_s(self, batch_id: str, now_s: float) -> float:
        """For how long a batch should have had a tag of ours that it did not show the last time (in s)."""
        lost = (self.seconds_of((batch_id, "said", mark), now_s) for mark in self.lost_tags(batch_id))
        return max(lost, default=0.0)

    def forget(self, what: Hashable) -> None:
        """Something is not seen any more; should it come again, it begins anew."""
        self._since_s.pop(what, None)


def jobs_in(answer: Mapping[str, object]) -> list[Payload]:
    """The jobs that an answer carries, as far as they can be told apart."""
    jobs = answer.get("jobs")
    listed = jobs if isinstance(jobs, list) else []
    return [job for job in listed if isinstance(job, dict) and isinstance(job.get("id"), str)]


def _is_told(job: Mapping[str, object], name: str) -> bool:
    """Whether something is known of a job; runs that cannot be right, and empty variables, are not."""
    value = job.get(name)
    if name == "variables":
        return bool(value)
    return value is not None and (name != "runs" or (type(value) is int and value > 0))


def _is_ending(payload: Mapping[str, object]) -> bool:
    return BatchStatus(str(payload.get("status"))) in _ENDING


def _progress(job: Mapping[str, object]) -> int:
    status = JobStatus(str(job.get("status")))
    if status.is_terminal:
        return _ENDED
    return _PENDING if status is JobStatus.PENDING else _UNDER_WAY


def _creation_order(job: Mapping[str, object]) -> float:
    """Where a job stands; those that do not say it stay in the order in which they were seen."""
    order = job.get("creation_order")
    return order if isinstance(order, (int, float)) else float("inf")

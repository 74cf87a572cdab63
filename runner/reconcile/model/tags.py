"""Tags: the only marks of ours that the cloud keeps, and how our batches are found again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from runner.domain import digest
from runner.reconcile.model.repetitions import FIRST, Places, Repetitions, read_repetitions
from runner.reconcile.model.slots import AGAIN, SLOTS, read_slots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment
    from runner.reconcile.model.actions import NewJob
    from runner.reconcile.model.entries import JournalEntry

SHORT: Final = 16

# Why we cancelled what we had bought. Such jobs are neither failed attempts nor a person's decision.
FENCED: Final = "fenced"
SUPERSEDED: Final = "superseded"
PRUNED: Final = "pruned"
# Another tool created the batch, and a person has taken it over.
ADOPTED: Final = "adopted"
_DECLINED: Final = "declined"
_OBSERVABLE: Final = "observable"
_CANCELLED_BY_US: Final = frozenset({FENCED, SUPERSEDED, PRUNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the tags of a batch say of it; empty strings where they say nothing.

    Args:
        claim: A nonce that only the machine that created the batch has written down: how a runner knows
            its own claim again after a lost answer.

        cancelled_by_us: We have cancelled work in it ourselves.

        declined: Ids of its jobs that a person has cancelled all the same.

        repetitions: Those that its jobs are of their points.

        commit: The commit that its file was of when it was bought; empty where the file was of none.

        cancelled_for: The commit for which another machine has cancelled work in it; empty where none has.

        constants: Digest of the constants of the device of its sequence; empty in older versions' batches.

        observables: Ids of what is evaluated beside the bitstrings.
    """

    namespace: str = ""
    experiment: str = ""
    recipe: str = ""
    submission: str = ""
    claim: str = ""
    rerun: int = 0
    cancelled_by_us: bool = False
    declined: frozenset[str] = frozenset()
    repetitions: Places = FIRST
    commit: str = ""
    cancelled_for: str = ""
    constants: str = ""
    observables: frozenset[str] = frozenset()

    def is_ours(self, job_id: str) -> bool:
        """Whether a job of the batch that is cancelled was cancelled by us."""
        return self.cancelled_by_us and job_id not in self.declined


def marks_for(
    namespace: str, experiment: DesiredExperiment, *, rerun: int, repetitions: Places = FIRST
) -> Marks:
    """What the tags of a batch of an experiment say, whoever bought it."""
    return Marks(
        namespace=namespace,
        experiment=experiment.name,
        recipe=experiment.recipe[:SHORT],
        rerun=rerun,
        repetitions=repetitions,
    )


def namespace_tag(namespace: str) -> str:
    """The tag that all batches of a repository carry."""
    return f"runner:{namespace}"


def batch_tags(marks: Marks, own: Iterable[str] = ()) -> list[str]:
    """All tags of a batch that says some marks, ours first, and after them the file's own."""
    ours = [
        *_identity(marks.namespace, marks.experiment, marks.recipe),
        f"submission:{marks.submission}",
        f"claim:{marks.claim}",
        *_counters(marks.rerun, marks.repetitions),
        *constants_tags(marks.constants),
        *(f"{_OBSERVABLE}:{each}" for each in sorted(marks.observables)),
        *([f"commit:{marks.commit}"] if marks.commit else []),
    ]
    return joined_tags(ours, own)


def constants_tags(constants: str) -> list[str]:
    """The tag that says with which constants of its device a batch is measured; none where it is unknown."""
    return [f"constants:{constants}"] if constants else []


def cancelling_tags(mark: str, commit: str) -> list[str]:
    """Tags that say why work in a batch is cancelled.

    Args:
        commit: For which it is, where another machine has bought it; else empty.
    """
    return [mark, f"cancelled-for:{commit}"] if commit else [mark]


def declined_tags(job_ids: Iterable[str]) -> list[str]:
    """Tags that say which jobs of a batch, in which we have cancelled others, a person has cancelled."""
    return [f"{_DECLINED}:{job_id}" for job_id in job_ids]


def row_tags(namespace: str, row: JournalEntry) -> list[str]:
    """What the tags of a batch say, as far as the journal's row of its creation or purchase knows."""
    return batch_tags(
        Marks(
            namespace=namespace,
            experiment=row.experiment,
            recipe=row.recipe,
            submission=row.submission,
            claim=row.claim,
            rerun=row.rerun or 0,
            repetitions=read_repetitions(row.repetitions, row.recipe),
            observables=frozenset(row.observables.split()),
        )
    )


def _identity(namespace: str, experiment: str, recipe: str) -> list[str]:
    return [namespace_tag(namespace), f"exp:{experiment}", f"recipe:{recipe}"]


def _counters(rerun: int, repetitions: Places) -> list[str]:
    """The rerun that a batch belongs to, and its repetitions if they are not the first, or its slots."""
    if isinstance(repetitions, Repetitions):
        places = [] if repetitions == FIRST else [f"repeat:{repetitions}"]
    else:
        places = [str(repetitions)]
    return [*([f"rerun:{rerun}"] if rerun else []), *places]


def adopting_tags(marks: Marks, before: Iterable[str]) -> list[str]:
    """All tags of a batch of another tool that is taken over, ours first.

    Without the tags of a claim and of a submission: nobody knows it as their own, so nobody adds to it.
    """
    there = tuple(before)
    counters = _counters(marks.rerun, marks.repetitions)
    if marks.repetitions == FIRST and read_marks(there).repetitions != FIRST:
        counters.append(f"repeat:{FIRST}")  # of a key said twice, the first counts
    identity = _identity(marks.namespace, marks.experiment, marks.recipe)
    return joined_tags([*identity, *counters, ADOPTED, *constants_tags(marks.constants)], there)


def joined_tags(ours: Iterable[str], before: Iterable[str]) -> list[str]:
    """Our tags, and after them those that a batch had before; each once."""
    return list(dict.fromkeys([*ours, *before]))


def read_marks(tags: Iterable[str]) -> Marks:
    """What the tags of a batch say; of a key said twice, the first counts."""
    return _read_marks(tuple(tags))


@lru_cache(maxsize=4096)  # each pass asks for the marks of each batch several times
def _read_marks(tags: tuple[str, ...]) -> Marks:
    said: dict[str, str] = {}
    words = set()
    for tag in tags:
        key, colon, value = tag.partition(":")
        if colon:
            said.setdefault(key, value)
        words.add(tag)
    rerun = said.get("rerun", "0")
    return Marks(
        namespace=said.get("runner", ""),
        experiment=said.get("exp", ""),
        recipe=said.get("recipe", ""),
        submission=said.get("submission", ""),
        claim=said.get("claim", ""),
        rerun=int(rerun) if rerun.isdecimal() else 0,
        cancelled_by_us=bool(words & _CANCELLED_BY_US),
        declined=_ids(words, _DECLINED),
        repetitions=_places(words, said),
        commit=said.get("commit", ""),
        cancelled_for=said.get("cancelled-for", ""),
        constants=said.get("constants", ""),
        observables=_ids(words, _OBSERVABLE),
    )


def _places(tags: Iterable[str], said: Mapping[str, str]) -> Places:
    """What tells the jobs of a batch apart; of several tags of slots the longest: a batch only gets more."""
    recipe = said.get("recipe", "")
    slots = [read_slots(recipe, tag) for tag in tags if tag.startswith((f"{SLOTS}:", f"{AGAIN}:"))]
    known = [each for each in slots if each]
    if known:
        return max(known, key=lambda each: (len(each.labels), str(each)))
    return read_repetitions(said.get("repeat", ""))


def _ids(tags: Iterable[str], key: str) -> frozenset[str]:
    """What tags of a key say that may be there several times."""
    return frozenset(tag.removeprefix(f"{key}:") for tag in tags if tag.startswith(f"{key}:"))


def work(experiment: DesiredExperiment, rerun: int) -> str:
    """What is asked for at present, in a word: a recipe and a rerun."""
    return f"{experiment.recipe[:SHORT]}:{rerun}"


def submission_tag(experiment: DesiredExperiment, jobs: Sequence[NewJob]) -> str:
    """Digest of what is about to be bought; two machines that want the same write the same.

    Args:
        jobs: At least one; all of the same rerun.
    """
    triples = [[job.key, job.runs, job.attempt] for job in jobs]
    parts = {"recipe": experiment.recipe, "rerun": jobs[0].rerun, "jobs": triples}
    evaluated = {"observables": sorted(experiment.observables)} if experiment.observables else {}
    return digest(parts | evaluated)[:SHORT]

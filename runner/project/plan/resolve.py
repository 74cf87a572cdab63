"""What a person decides of submissions that got lost, and of batches of other tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain.identity import OTHER_CONSTANTS, UNPROVED
from runner.errors import BatchFetchingError, NotFoundError, ProjectError, UsageError
from runner.project.config.settings import FILE_NAME
from runner.reconcile import Observer
from runner.reconcile.model.entries import State
from runner.reconcile.model.repetitions import sent_as
from runner.reconcile.model.tags import (
    SHORT,
    adopting_tags,
    batch_tags,
    constants_tags,
    joined_tags,
    marks_for,
    work,
)
from runner.reconcile.observe.adoption import (
    candidate,
    free_repetitions,
    lost_submissions,
    recipe_objections,
    submission_objections,
)
from runner.reconcile.observe.job_sequences import jobs_with_sequences
from runner.results.records.sites import not_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cloud import Payload
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.reconcile import Context
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.observe.adoption import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A lost submission, and what was decided of it.

    Args:
        batch_id: The batch that it is; None when it was never accepted.
    """

    experiment: str
    submission: str
    jobs: int
    runs: int
    batch_id: str | None


def declare_absent(project: Project, experiment: Experiment) -> list[Resolved]:
    """Writes down that the lost submissions of an experiment were never accepted: they are bought again.

    Raises:
        UsageError: None is lost.
    """
    with project.context("resolve") as (context, _):
        lost = _lost(context, experiment)
        for entry in lost:
            context.journal.settle(entry.seq, State.NOT_DONE)
        return _told(context, lost, "ResolveAbsent", "a person says that it was never accepted")


def declare_unwanted(project: Project, experiment: Experiment) -> list[Resolved]:
    """Writes down that the jobs of lost submissions are not to be bought: not before `rerun` is raised.

    Raises:
        UsageError: None is lost.
    """
    with project.context("resolve") as (context, _):
        lost = _lost(context, experiment)
        for entry in lost:
            context.journal.skip(entry, _by_work(experiment, entry))
        return _told(context, lost, "ResolveSkip", "a person says that its jobs are not to be bought,")


def declare_measured(project: Project, experiment: Experiment, *, here: bool) -> int:
    """Writes down of jobs on record whether they were measured at the target; answers of how many.

    Raises:
        UsageError: Of all of them it is known.
    """
    with project.context("resolve") as (context, _):
        seen = Observer(context).observe([experiment.desired])[experiment.name]
        if not seen.unproved:
            raise UsageError(
                f"{experiment.name}: of all jobs on record it is known where they were measured",
                hint="`runner status` tells what is held, and why",
            )
        target = context.site.target
        said = [replace(job, target=target if here else not_at(target, job.target)) for job in seen.unproved]
        for name in {experiment.name, *context.records.recipes()}:
            context.records.complete(name, said)
        where = "here" if here else "elsewhere"
        reason = f"a person says that {len(said)} jobs on record were measured {where}"
        context.journal.history.add(experiment.name, f"ResolveMeasured{where.title()}", reason=reason)
        return len(said)


def declare_constants(project: Project, experiment: Experiment, *, same: bool) -> int:
    """Writes down whether jobs and batches had the constants of the file; answers of how many of them.

    Raises:
        UsageError: Of all of them it is known.
    """
    desired = experiment.desired
    with project.context("resolve") as (context, _):
        seen = Observer(context).observe([desired])[experiment.name]
        keys = {job.key: job for job in desired.jobs}
        unproved = [job for job in seen.recorded if job.constants == UNPROVED]
        batches = [batch for batch in seen.batches if batch.constants == UNPROVED]
        if not (unproved or batches):
            raise UsageError(
                f"{experiment.name}: of all that is there it is known which constants its device had",
                hint="`runner status` tells what is held, and why",
            )
        said = [
            replace(job, constants=desired.constants_for(keys.get(job.key)) if same else OTHER_CONSTANTS)
            for job in unproved
        ]
        for name in {experiment.name, *context.records.recipes()}:
            context.records.complete(name, said)
        tags = constants_tags(desired.constants if same else OTHER_CONSTANTS)
        for batch in batches:
            context.client.set_batch_tags(batch.id, joined_tags(batch.tags, tags))
        which, count = "Same" if same else "Other", len(said) or len(batches)
        reason = f"a person says that its device had {which.lower()} constants"
        context.journal.history.add(experiment.name, f"Resolve{which}Constants", reason=reason)
        return count


def _by_work(experiment: Experiment, entry: JournalEntry) -> dict[str, list[tuple[str, int]]]:
    by_work: dict[str, list[tuple[str, int]]] = {}
    for key, runs in entry.jobs:
        present = work(experiment.desired, experiment.desired.reruns.get(key, 0))
        by_work.setdefault(present, []).append((key, runs))
    return by_work


def declare_found(project: Project, experiment: Experiment, batch_id: str) -> Resolved:
    """Takes a batch as a lost submission of an experiment, once it is seen to be the same.

    Raises:
        UsageError: None is lost, or the batch is something else; says what differs.
    """
    namespace = _namespace(project)
    with project.context("resolve") as (context, _):
        lost = _lost(context, experiment)
        entry, found, objections = _best(experiment, namespace, lost, _read(context, batch_id))
        if objections:
            raise UsageError(
                f"{batch_id} is not the submission {entry.submission} of {experiment.name}: "
                + "; ".join(objections),
                hint=f"look for another batch, or `runner resolve {experiment.name} absent`",
            )
        rerun = found.reruns[0] if found.reruns else 0
        desired = experiment.desired
        marks = replace(
            marks_for(namespace, desired, rerun=rerun, repetitions=found.repetitions),
            submission=entry.submission,
            claim=entry.claim,
            constants=desired.constants,
        )
        ours = batch_tags(marks, desired.tags)
        context.client.set_batch_tags(batch_id, joined_tags(ours, found.batch.tags))
        _remember(project, context, experiment)
        context.journal.settle(entry.seq, State.ACCEPTED, batch_id)
        reason = "a person says that it is the lost submission"
        return _told(context, [entry], "ResolveAdopt", reason, batch_id)[0]


def _best(
    experiment: Experiment, namespace: str, lost: Sequence[JournalEntry], there: tuple[Payload, list[Payload]]
) -> tuple[JournalEntry, Candidate, list[str]]:
    """The newest lost submission that a batch can be, or else the newest, and what speaks against it."""
    desired = experiment.desired
    recipe = list(recipe_objections(desired, there[0]))
    judged = []
    for entry in reversed(lost):
        repetitions = sent_as(desired, {key for key, _ in entry.jobs})
        found = candidate(desired, namespace, *there, repetitions=repetitions)
        judged.append((entry, found, [*recipe, *submission_objections(desired, namespace, entry, found)]))
    return next((each for each in judged if not each[2]), judged[0])


def _lost(context: Context, experiment: Experiment) -> tuple[JournalEntry, ...]:
    seen = Observer(context).observe([experiment.desired])[experiment.name]
    lost = lost_submissions(seen.entries, seen.batches)
    if not lost:
        raise UsageError(
            f"{experiment.name}: no submission is unknown, so there is nothing to resolve",
            hint="`runner status` tells what is held, and why",
        )
    return lost


def _told(
    context: Context, lost: Sequence[JournalEntry], action: str, reason: str, batch_id: str | None = None
) -> list[Resolved]:
    """Writes into the history what was decided of some submissions."""
    found = []
    for entry in lost:
        jobs, runs = len(entry.jobs), sum(runs for _, runs in entry.jobs)
        context.journal.history.add(
            entry.experiment,
            action,
            batch_id=batch_id,
            reason=f"{reason} {entry.submission}",
            jobs=jobs if batch_id else 0,
            runs=runs if batch_id else 0,
        )
        name, submission = entry.experiment, entry.submission
        found.append(
            Resolved(experiment=name, submission=submission, jobs=jobs, runs=runs, batch_id=batch_id)
        )
    return found


# Batches of other tools


def candidates(project: Project, experiment: Experiment, batch_ids: Sequence[str]) -> list[Candidate]:
    """Batches beside an experiment file: how their jobs match, and what speaks against each; changes nothing.

    Raises:
        ProjectError: There is no namespace to tell their owner by.

        BatchFetchingError: There is no such batch.
    """
    namespace = _namespace(project)
    held = _held(project, experiment)
    found = []
    with project.context() as (context, _):
        for batch_id in dict.fromkeys(batch_ids):
            payload, jobs = _read(context, batch_id)
            repetitions = free_repetitions(experiment.desired, jobs, held)
            found.append(candidate(experiment.desired, namespace, payload, jobs, repetitions=repetitions))
            held |= {match.job.key for match in found[-1].matches if match.there}
    return found


def _held(project: Project, experiment: Experiment) -> set[str]:
    """Keys of repetitions that something is bought for; nothing is asked for a file without any."""
    if all(job.repetition is None for job in experiment.desired.jobs):
        return set()
    (planned,) = project.look([experiment])
    return {job.key for job in planned.plan.jobs if job.done or job.active or job.declined}


def adopt(project: Project, experiment: Experiment, chosen: Sequence[Candidate]) -> None:
    """Takes batches over that nothing speaks against: from now on they are the experiment's.

    Raises:
        UsageError: One has changed in the meantime, and something speaks against it now.
    """
    namespace = _namespace(project)
    with project.context("adopt") as (context, _):
        now = [
            candidate(
                experiment.desired,
                namespace,
                *_read(context, each.batch.id),
                repetitions=each.repetitions,
            )
            for each in chosen
        ]
        for each in now:
            if each.objections:
                raise UsageError(f"{each.batch.id} cannot be adopted: {'; '.join(each.objections)}")
        _remember(project, context, experiment)
        for each in now:
            rerun, repetitions = each.reruns[0], each.repetitions
            marks = marks_for(namespace, experiment.desired, rerun=rerun, repetitions=repetitions)
            tags = adopting_tags(replace(marks, constants=each.constants), each.batch.tags)
            context.client.set_batch_tags(each.batch.id, tags)
            reason = f"a person says that its {each.batch.jobs_count} jobs are the experiment's"
            context.journal.history.add(experiment.name, "AdoptBatch", batch_id=each.batch.id, reason=reason)


def _read(context: Context, batch_id: str) -> tuple[Payload, list[Payload]]:
    try:
        batch, jobs = context.client.get_batch(batch_id), jobs_with_sequences(context.client, batch_id)
    except NotFoundError as error:
        raise BatchFetchingError(
            f"the cloud has no batch {batch_id} that we can see", hint="see the cloud's portal for its id"
        ) from error
    if not context.client.is_ours(batch):
        raise BatchFetchingError(
            f"the batch {batch_id} is of the project {batch['project_id']}",
            hint=f"the target's project is {context.client.project_id}; see --target and runner.toml",
        )
    return batch, jobs


def _remember(project: Project, context: Context, experiment: Experiment) -> None:
    """Writes down what was run, as a purchase of ours would have."""
    manifest = project.manifests([experiment])[experiment.name]
    context.records.write_manifest(experiment.name, experiment.desired.recipe[:SHORT], manifest)


def _namespace(project: Project) -> str:
    if project.namespace is None:
        raise ProjectError(
            "without a namespace no batch is adopted: nobody could tell whose it is",
            hint=f"set `namespace` in {FILE_NAME}",
        )
    return project.namespace

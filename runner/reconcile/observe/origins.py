"""Where, and with which constants, was measured what there is: by records, manifests, tags and the cloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain import RecordedJob
from runner.domain.identity import OTHER_CONSTANTS, UNPROVED, device_constants, measured_constants
from runner.errors import NotFoundError
from runner.reconcile.model.tags import SHORT, read_marks
from runner.results.records.manifest_history import all_sequences, constants_said
from runner.results.records.sites import says_where, was_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, ObservedBatch
    from runner.reconcile.context import Context
    from runner.reconcile.model.observation import Observation
    from runner.results.records.sites import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOrigins:
    """What is on record of an experiment, by where it comes from.

    Args:
        counted: Measured at the target.

        unproved: Of these nothing says where they were measured.

        completed: Those of the counted whose records do not say yet what is proved of them.
    """

    counted: tuple[RecordedJob, ...] = ()
    unproved: tuple[RecordedJob, ...] = ()
    completed: tuple[RecordedJob, ...] = ()


def _is_of(wanted: DesiredExperiment, what: ObservedBatch | RecordedJob) -> bool:
    """Whether something is of the recipe that is wanted."""
    recipe = what.recipe if isinstance(what, RecordedJob) else read_marks(what.tags).recipe
    return recipe == wanted.recipe[:SHORT]


def joined(recorded: Iterable[RecordedJob], site: Site) -> Iterator[str]:
    """What counts here because runner.toml says that two targets are one service, in words."""
    others = Counter(job.target for job in recorded if job.target not in {"", site.target})
    for target, n_jobs in sorted(others.items()):
        jobs, count = ("1 job", "counts") if n_jobs == 1 else (f"{n_jobs} jobs", "count")
        yield f"{jobs} on record of {target} {count} here: `same_as` in runner.toml makes it {site.target}"


class Origins:
    """Finds out where jobs on record come from; asks the cloud for each batch until it knows it."""

    def __init__(self, context: Context) -> None:
        self._site, self._client, self._records = context.site, context.client, context.records
        self._asked: dict[str, Payload] = {}

    def provenance(
        self,
        experiment: str,
        recorded: Iterable[RecordedJob],
        here: Mapping[str, str],
        wanted: DesiredExperiment | None,
    ) -> RecordOrigins:
        """What is on record under the name of an experiment, by where it comes from.

        Args:
            here: Batches that are known to be the target's, by their ids: what their tags say of constants.

            wanted: What is asked for: of other recipes the cloud is not asked.
        """
        recipe = wanted.recipe[:SHORT] if wanted else ""
        counted, unproved, completed = [], [], []
        manifests: dict[str, Mapping[str, object]] = {}
        for job in recorded:
            if job.recipe not in manifests:
                manifests[job.recipe] = self._records.manifest(experiment, job.recipe) or {}
            is_here = job.batch_id in here if not job.target and self._site.target else None
            if not is_here:
                is_here = was_here(job, manifests[job.recipe], self._site, trusts_names=False)
            if is_here is None and job.recipe == recipe:
                is_here = job.batch_id in here or self._has(job.batch_id)
            if is_here:
                whole = replace(job, target=job.target if says_where(job.target) else self._site.target)
                if wanted and job.recipe == recipe and not job.constants:
                    constants = self._recorded_constants(wanted, job, manifests[recipe], here)
                    whole = replace(whole, constants=constants)
                counted.append(whole)
                known = replace(whole, constants="") if whole.constants == UNPROVED else whole
                completed += [known] if known != job else []
            elif is_here is None:
                unproved.append(job)
        return RecordOrigins(counted=tuple(counted), unproved=tuple(unproved), completed=tuple(completed))

    def _recorded_constants(
        self,
        wanted: DesiredExperiment,
        job: RecordedJob,
        manifest: Mapping[str, object],
        here: Mapping[str, str],
    ) -> str:
        """With which constants a job on record was measured that does not say it.

        By the tag of its batch, else by the manifests of the versions that did not say it, where all of them
        say the same, else by its batch; on a machine, of which nothing depends on it, the cloud is not asked.
        """
        device_type = wanted.device_type
        asked = {each.key: each for each in wanted.jobs}.get(job.key)
        is_own = None if asked is None else asked.sequence is not None
        if is_own is False and (tagged := here.get(job.batch_id)):
            return tagged
        known = constants_said(manifest, asked.of_point if asked else job.key, is_own=is_own)
        if len(known) == 1:
            return next(iter(known))
        if not wanted.emulated or not (asked and wanted.constants_for(asked)):
            return ""
        played = self._job_sequence(job.id) if is_own else self._sequence(job.batch_id)
        return measured_constants(played, device_type) or UNPROVED

    def with_constants(self, wanted: DesiredExperiment, seen: Observation) -> Observation:
        """What there is, with the constants of each batch of the recipe, and of those that are others."""
        of_batch: dict[str, str] = {}
        for job in seen.recorded:
            asked = {each.key: each for each in wanted.jobs}.get(job.key)
            if asked is not None and asked.sequence is None and job.constants:
                of_batch.setdefault(job.batch_id, job.constants)
        batches = tuple(
            replace(batch, constants=of_batch.get(batch.id) or self._batch_constants(wanted, batch))
            if not batch.constants and _is_of(wanted, batch)
            else batch
            for batch in seen.batches
        )
        seen = replace(seen, batches=batches)
        if not self._others(wanted, seen):
            return seen
        return replace(seen, constants=self._values(wanted, seen, (wanted.name, *seen.previous_names)))

    def _batch_constants(self, wanted: DesiredExperiment, batch: ObservedBatch) -> str:
        """Those of a batch without a tag that says them; a machine is not asked."""
        if not wanted.emulated or not wanted.constants:
            return ""
        return measured_constants(self._sequence(batch.id), wanted.device_type) or UNPROVED

    @staticmethod
    def _others(wanted: DesiredExperiment, seen: Observation) -> dict[str, str]:
        """Digests that are not those of the file, each with a batch that has it."""
        keys = {each.key: each for each in wanted.jobs}
        of_jobs = [
            *(
                (job.constants, keys.get(job.key), job.batch_id)
                for job in seen.recorded
                if _is_of(wanted, job)
            ),
            *((b.constants, None, b.id) for b in seen.batches if wanted.constants and _is_of(wanted, b)),
            *(
                (job.constants, keys.get(job.key), b.id)
                for b in seen.batches
                if _is_of(wanted, b)
                for job in b.jobs
            ),
        ]
        return {
            have: batch_id
            for have, job, batch_id in of_jobs
            if have not in {"", UNPROVED, OTHER_CONSTANTS, wanted.constants_for(job)}
        }

    def _values(
        self, wanted: DesiredExperiment, seen: Observation, names: Iterable[str]
    ) -> dict[str, Mapping[str, object]]:
        """The constants behind digests that are not those of the file, as far as anything tells them."""
        device_type = wanted.device_type
        manifests = (self._records.manifest(name, wanted.recipe[:SHORT]) or {} for name in names)
        told = [text for manifest in manifests for text in all_sequences(manifest)]
        for have, batch_id in self._others(wanted, seen).items():
            if wanted.emulated and have not in {measured_constants(each, device_type) for each in told}:
                told.append(self._sequence(batch_id))
        return {measured_constants(each, device_type): device_constants(each, device_type) for each in told}

    def _sequence(self, batch_id: str) -> str:
        """The sequence of a batch, as the cloud has it; empty where it does not tell."""
        sequence = (self._batch(batch_id) or {}).get("sequence_builder")
        return sequence if isinstance(sequence, str) else ""

    def _job_sequence(self, job_id: str) -> str:
        try:
            sequence = self._client.get_job(job_id).get("sequence")
        except NotFoundError:
            return ""
        return sequence if isinstance(sequence, str) else ""

    def _has(self, batch_id: str) -> bool | None:
        """Whether a batch is the target's; None where the target does not know it, which proves nothing."""
        batch = self._batch(batch_id)
        return None if batch is None else self._client.is_ours(batch)

    def _batch(self, batch_id: str) -> Payload | None:
        """A batch that the target shows by its id, of any project; None where it shows none."""
        if batch_id not in self._asked:
            try:
                self._asked[batch_id] = self._client.get_batch(batch_id)
            except NotFoundError:
                return None
        return self._asked[batch_id]

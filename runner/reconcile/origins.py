"""Where what is on record was measured, as far as the records, their manifests and the cloud prove it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runner.errors import NotFoundError
from runner.results.sites import was_here

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from runner.domain import RecordedJob
    from runner.reconcile.tools import Tools
    from runner.results.sites import Site

    Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """What is on record of an experiment, by where it comes from.

    Args:
        counted: Measured at the target.

        unproved: Of these nothing says where they were measured.

        completed: Those of the counted whose records do not say yet what is proved of them.
    """

    counted: tuple[RecordedJob, ...] = ()
    unproved: tuple[RecordedJob, ...] = ()
    completed: tuple[RecordedJob, ...] = ()


def joined(recorded: Iterable[RecordedJob], site: Site) -> Iterator[str]:
    """What counts here because runner.toml says that two targets are one service, in words."""
    others = Counter(job.target for job in recorded if job.target not in {"", site.target})
    for target, n_jobs in sorted(others.items()):
        jobs, count = ("1 job", "counts") if n_jobs == 1 else (f"{n_jobs} jobs", "count")
        yield f"{jobs} on record of {target} {count} here: `same_as` in runner.toml makes it {site.target}"


class Origins:
    """Finds out where jobs on record come from; asks the cloud for each batch once."""

    def __init__(self, tools: Tools) -> None:
        self._site, self._client, self._records = tools.site, tools.client, tools.records
        self._asked: dict[str, Payload | None] = {}

    def attributed(
        self, experiment: str, recorded: Iterable[RecordedJob], here: Collection[str], recipe: str
    ) -> Attributed:
        """What is on record under the name of an experiment, by where it comes from.

        Args:
            here: Ids of batches that are known to be the target's.

            recipe: The one that is wanted: of others the cloud is not asked.
        """
        counted, unproved, completed = [], [], []
        manifests: dict[str, Mapping[str, Any]] = {}
        for job in recorded:
            if job.recipe not in manifests:
                manifests[job.recipe] = self._records.manifest(experiment, job.recipe) or {}
            is_here = job.batch_id in here if not job.target and self._site.target else None
            if not is_here:
                is_here = was_here(job, manifests[job.recipe], self._site, trusts_names=False)
            if is_here is None and job.recipe == recipe:
                is_here = self.batch(job.batch_id) is not None or None
            if is_here:
                whole = replace(job, target=job.target or self._site.target)
                counted.append(whole)
                completed += [whole] if whole != job else []
            elif is_here is None:
                unproved.append(job)
        return Attributed(counted=tuple(counted), unproved=tuple(unproved), completed=tuple(completed))

    def batch(self, batch_id: str) -> Payload | None:
        """A batch at the target by its id; None where it has none."""
        if batch_id not in self._asked:
            try:
                self._asked[batch_id] = self._client.get_batch(batch_id)
            except NotFoundError:
                self._asked[batch_id] = None
        return self._asked[batch_id]

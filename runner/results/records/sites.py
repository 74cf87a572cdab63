"""Where results were measured: a service and its project, and what tells so of what is on record. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from runner.domain.identity import UNPROVED
from runner.results.records.manifest_history import constants_said, targets_said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runner.domain import DesiredExperiment, RecordedJob

EMULATED: Final = "emulated:local"
# Of a record: a person has said where it was not measured, of one target or several.
_NOT: Final = "not:"
_BETWEEN: Final = ","


def _unknown(name: str) -> str:
    del name
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The target that is looked at: whatever was measured elsewhere counts for nothing there.

    Args:
        target: Its kind and name, as `emulated:local`; ends in a slash where the project is not known. Empty
            where there is but one target.

        also: Other words for the same service: names that runner.toml joins with it, and what journals of
            older versions say.

        emulates: Whether it emulates whatever it is sent.

        of_name: The target that a name means now; empty where it means none.
    """

    target: str = ""
    also: frozenset[str] = frozenset()
    emulates: bool = False
    of_name: Callable[[str], str] = field(default=_unknown, repr=False, compare=False)

    def has(self, target: str) -> bool:
        """Whether what was measured at a target counts here."""
        if self.target in {"", target} or target in self.also:
            return True
        return self.target.endswith("/") and target.startswith(self.target)


def was_here(
    job: RecordedJob, manifest: Mapping[str, object] | None, site: Site, *, trusts_names: bool
) -> bool | None:
    """Whether a job on record was measured at a site; None where nothing proves it or the contrary.

    A record of an older version does not say it. The manifest beside it names the target, and the name of a
    remote one may have been another service's at that time.

    Args:
        trusts_names: Whether a name that leads here now is proof enough, as where nothing is bought by it.
    """
    if not site.target or says_where(job.target):
        return site.has(job.target)
    if any(map(site.has, _denied(job.target))):
        return False
    known = {site.of_name(name) for name in targets_said(manifest or {})}
    if not known or "" in known:
        return None
    if known == {EMULATED}:
        return site.has(EMULATED)
    if EMULATED not in known and site.has(EMULATED):
        return False
    return True if trusts_names and all(map(site.has, known)) else None


def with_constants(
    desired: DesiredExperiment, job: RecordedJob, manifest: Mapping[str, object] | None
) -> RecordedJob:
    """A job on record with what its manifest proves of the constants of its device, if it does not say it.

    Where it is emulated, and manifests say several, it counts for none of them.
    """
    asked = {each.key: each for each in desired.jobs}.get(job.key)
    if job.constants or asked is None or not desired.recipe.startswith(job.recipe):
        return job
    known = constants_said(manifest or {}, asked.of_point, is_own=asked.sequence is not None)
    if len(known) == 1:
        return replace(job, constants=next(iter(known)))
    return replace(job, constants=UNPROVED) if known and desired.emulated else job


def elsewhere(recorded: Iterable[RecordedJob], site: Site) -> dict[str, int]:
    """How many jobs on record were measured at each other target, as far as they say it."""
    counted: dict[str, int] = {}
    for job in recorded:
        if says_where(job.target) and not site.has(job.target):
            counted[job.target] = counted.get(job.target, 0) + 1
    return dict(sorted(counted.items()))


def says_where(target: str) -> bool:
    """Whether a record says where it was measured, and not only where it was not."""
    return bool(target) and not target.startswith(_NOT)


def not_at(target: str, said: str = "") -> str:
    """What a record says of its target once a person has said that it was not measured at one.

    Args:
        said: What it said until now.
    """
    return _BETWEEN.join(f"{_NOT}{each}" for each in dict.fromkeys([*_denied(said), target]))


def _denied(said: str) -> list[str]:
    """The targets of which a record says that it was not measured there."""
    return said.removeprefix(_NOT).split(f"{_BETWEEN}{_NOT}") if said.startswith(_NOT) else []

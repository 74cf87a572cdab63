"""An experiment file as far as it is needed once it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.spec import ExperimentFile

    # A value as plain data for JSON.
    Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An experiment file that was read and found in order.

    Args:
        path: The file, as the user named it.

        digest: SHA-256 over its text and those of its companions, see `runner.spec.ExperimentFile`.

        content: What it says with all defaults, its jobs one by one, as plain data for JSON.

        companions: Files that it names, from where it stands.

        factory: The function in Python that gives its sequence, with digests; None without one.

        factories: The same of the jobs whose own sequence a function gives, by their names.

        entries: Place under `jobs` of the entry that each of its jobs comes from, counted from 0.

        axes: The axes of each entry's sweep, outermost first: the variables that move together. None for an
            entry without a sweep.

        excluded: What each entry leaves out of its sweep: items of names and numbers.

        frequencies: What stands in MHz, with its line: the first ones of a file.
    """

    path: str
    digest: str
    content: Record
    companions: tuple[str, ...] = ()
    factory: Record | None = None
    factories: Mapping[str, Record] = field(default_factory=dict)
    entries: tuple[int, ...] = ()
    axes: tuple[tuple[tuple[str, ...], ...] | None, ...] = ()
    excluded: tuple[tuple[tuple[tuple[str, float], ...], ...], ...] = ()
    frequencies: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, file: ExperimentFile) -> Self:
        """The source behind a file that was just read."""
        return cls(
            path=file.path,
            digest=file.digest,
            content=file.expanded(),
            companions=file.companions,
            factory=dict(file.made.record) if file.made else None,
            factories={
                job.name: dict(own.made.record)
                for job in file.jobs
                if (own := file.own.get(job.pointer)) and own.made
            },
            entries=tuple(_entry(job.pointer) for job in file.jobs),
            axes=tuple(_axes(job.sweep) for job in file.experiment.spec.jobs),
            excluded=tuple(_excluded(job.exclude or ()) for job in file.experiment.spec.jobs),
            frequencies=file.frequencies,
        )

    def expanded(self) -> dict[str, Any]:
        """The whole file with its defaults, and its jobs one by one, as plain data for JSON."""
        return dict(self.content)


def _entry(pointer: str) -> int:
    """Place of the entry that a pointer is in: 2 of /spec/jobs/2/include/0."""
    return int(pointer.split("/")[3])


def _excluded(items: Iterable[Record]) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Items of `exclude` that hold plain numbers alone."""
    numbers = (item for item in items if all(isinstance(value, int | float) for value in item.values()))
    return tuple(tuple(item.items()) for item in numbers)


def _axes(sweep: Record | Sequence[Record] | None) -> tuple[tuple[str, ...], ...] | None:
    """The axes of a sweep; what it gives one plain number is none."""
    if sweep is None:
        return None
    axes = [{name: values} for name, values in sweep.items()] if isinstance(sweep, Mapping) else sweep
    return tuple(tuple(axis) for axis in axes if not all(isinstance(v, int | float) for v in axis.values()))

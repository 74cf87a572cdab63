"""The points that jobs measure: variables as columns, their units, and the sweep they came from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# How a name says its unit; the longest ending counts. Not s and K: `delta_s` and `phi_k` are rather indices.
_UNITS: Final = {
    "_rad_per_us": "rad/µs",
    "_rad": "rad",
    "_ns": "ns",
    "_us": "µs",
    "_ms": "ms",
    "_um": "µm",
    "_mhz": "MHz",
    "_khz": "kHz",
    "_hz": "Hz",
    "_uk": "µK",
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep of a file that a job came from.

    Args:
        entry: Its place under `jobs` in the file, counted from 0.

        axes: Variables of each axis, outermost first; those of one axis move together. Variables to which
            the sweep gives one plain number are no axis.

        excluded: What its `exclude` leaves out: values of some variables each.
    """

    entry: int
    axes: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[tuple[str, float], ...], ...] = ()


def unit_of(name: str) -> str | None:
    """The unit that the name of a variable says: `t_sweep_ns` is in ns, `omega_rad_per_us` in rad/µs.

    None for a name that says none.
    """
    plain = name.partition("[")[0].lower()
    known = (ending for ending in sorted(_UNITS, key=len, reverse=True) if plain.endswith(ending))
    ending = next(known, None)
    return _UNITS[ending] if ending else None


def columns_of(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables with one number each: `v` that holds several becomes `v[0]`, `v[1]` and so on.

    The traps of a mappable register's atoms become `qubits[q0]`, `qubits[q1]` and so on.
    """
    return dict(column for name, value in variables.items() for column in _columns(name, value))


def _columns(name: str, value: object) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            yield from ((f"{name}[{key}]", each) for key, each in value.items())
        case list() | tuple():
            yield from ((f"{name}[{place}]", each) for place, each in enumerate(value))
        case _:
            yield name, value


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with as many underscores behind it as it takes to be no other's."""
    while name in taken:
        name += "_"
    return name

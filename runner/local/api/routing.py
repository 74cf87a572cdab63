"""Which path and method belong to which call; the table itself stands in `runner.local.api.app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")
# Clients with one address for all services of PCS write them before each path.
_PREFIXES: Final = ("/core-fast", "/account")


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One row of a route table.

    Args:
        method: HTTP method.

        template: Path; a segment in braces matches any one segment and names it.

        call: What the table's owner wants to have back.
    """

    method: str
    template: str
    call: T


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The route of a request, with the values of the named segments."""

    call: T
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path exists, but not with this method."""

    allowed: tuple[str, ...]


def bare_path(path: str) -> str:
    """A path as the table has it: without the prefix of one of PCS's services."""
    prefix = next((each for each in _PREFIXES if path.startswith(f"{each}/api/")), "")
    return path.removeprefix(prefix)


def find(routes: Iterable[Route[T]], method: str, path: str) -> Found[T] | WrongMethod | None:
    """The route of a request; None for a path that no row has. The first row that fits wins."""
    allowed: list[str] = []
    for route in routes:
        names = _names(route.template, path)
        if names is None:
            continue
        if route.method == method:
            return Found(route.call, names)
        allowed.append(route.method)
    return WrongMethod(tuple(allowed)) if allowed else None


def _names(template: str, path: str) -> dict[str, str] | None:
    expected, given = template.split("/"), path.split("/")
    if len(expected) != len(given):
        return None
    names: dict[str, str] = {}
    for pattern, segment in zip(expected, given, strict=True):
        if pattern.startswith("{"):
            names[pattern.strip("{}")] = segment
        elif pattern != segment:
            return None
    return names

"""Names and modules that are imported when they are first used: the `__getattr__` of a module, made once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


def lazy_names(module: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """Imports names of other modules.

    Args:
        module: The one that hands them on.

        places: The module of each name.
    """

    def imported(name: str) -> Any:
        return getattr(import_module(places[_known(name, module, places)]), name)

    return imported


def lazy_modules(package: str, *names: str) -> Callable[[str], ModuleType]:
    """Imports some modules of a package."""

    def imported(name: str) -> ModuleType:
        return import_module(f"{package}.{_known(name, package, names)}")

    return imported


def _known(name: str, module: str, names: Mapping[str, str] | tuple[str, ...]) -> str:
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return name

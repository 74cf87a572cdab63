"""Modules that are imported when they are first used, as they import what takes long or may be missing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def lazy_modules(package: str, *names: str) -> Callable[[str], ModuleType]:
    """The `__getattr__` of a package that imports some of its modules when they are first used."""

    def imported(name: str) -> ModuleType:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return imported


def needed(package: str, what: str) -> ModuleType:
    """A package that is installed with the extra `data`.

    Args:
        what: What needs it, for people.

    Raises:
        RunnerError: It is not installed; says how to install it.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        hint = "pip install 'pulser-runner[data]'"
        raise RunnerError(f"{what} needs {package}, which is not installed", hint=hint) from error

"""Packages that come with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from runner.errors import RunnerError

if TYPE_CHECKING:
    from types import ModuleType


def needed(package: str, what: str, *, extra: str = "data") -> ModuleType:
    """A package that an extra installs.

    Args:
        what: What needs it, for people.

    Raises:
        RunnerError: It is not installed; says how to install it.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        hint = f"pip install 'pulser-runner[{extra}]'"
        raise RunnerError(f"{what} needs {package}, which is not installed", hint=hint) from error

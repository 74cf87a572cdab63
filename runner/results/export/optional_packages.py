"""Packages that only some of this room needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from runner.errors import RunnerError


def needed(package: str, what: str) -> Any:
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

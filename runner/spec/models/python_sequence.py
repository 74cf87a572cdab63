"""Sequences that a function in Python gives: what comes of it. Nothing is run in this room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.domain.suggestions import HintedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.spec.models.sequence import PythonSequence

    # Runs the function that a sequence names; fails with `FactoryError`.
    Make = Callable[[PythonSequence], "Made"]
    # The same for the sequence of any experiment file.
    MakeFor = Callable[[Path, PythonSequence], "Made"]

ALLOW: Final = (
    "if you trust this code, allow it: --allow-python, runner.load(…, allow_python=True),"
    " or allow_python = true in runner.toml"
)


class FactoryError(HintedError):
    """A function that gave no sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A sequence that a function gave, and what is to be known of how.

    Args:
        text: Abstract representation, JSON text.

        files: Content of every file of the repository that had a part in it, by its path from the experiment
            file; of one that is no text, something that no text says.

        record: Function, arguments, digests and versions, as plain data for JSON.

        warnings: What Pulser said meanwhile.
    """

    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    record: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def make_nothing(sequence: PythonSequence) -> Made:
    """Run no code: that must be allowed."""
    raise FactoryError(f"{sequence.path} is Python code, and running it is not allowed", ALLOW)

"""Values that functions of the repository give for a strategy, each asked in a process of its own.

What such a function gives must follow from its arguments and from the text of its file, for that is what the
strategy is told apart by: a function that imports or opens another file of the repository is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import Field, JsonValue

from runner.domain.digests import text_digest
from runner.sequences.python_functions.function_process import (
    ChildAnswer,
    FunctionProcess,
    parsed,
    why_nothing,
)
from runner.spec.models.python_sequence import FactoryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from runner.domain.strategies import NamedFunction
    from runner.sequences.python_functions.supervised_process import Ended
    from runner.spec import Limits

_BYTES_OF_A_VALUE: Final = 64


class FunctionFaultError(FactoryError):
    """The code of a function is at fault."""


class GivenAnswer(ChildAnswer):
    """What the process says of calls."""

    values: tuple[JsonValue, ...] = Field(default=(), strict=False)
    line: int = 1


@dataclass(frozen=True, slots=True)
class GivenValues:
    """What a function gave.

    Args:
        values: Plain data, one for each call; None also where a call that may fail did so. A number that is
            not finite is text: `nan`. What JSON cannot say is a mapping of the empty name to its type.

        where: The function, for people: its file from the root, and its line.
    """

    values: Sequence[JsonValue]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCounts:
    """Runs that a function is to score.

    Args:
        rows: How often each bitstring was measured, once for each value that is wanted.
    """

    bitstrings: Sequence[str]
    rows: Sequence[Sequence[int]]
    variables: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCalls:
    """Calls functions of a repository.

    Args:
        root: Folder of the repository; functions are run there, and no file out of it.

        timeout_s: How long one process may take (in s).

        memory_gb: How much memory it may take (in GB); None for half of the machine's.

        limits: How long a file, and what is given, may be.
    """

    root: Path
    timeout_s: float
    memory_gb: float | None
    limits: Limits

    def value(self, function: NamedFunction, keywords: Mapping[str, object]) -> GivenValues:
        """What a function gives, once.

        Raises:
            FactoryError: Nothing, and why.
        """
        return self._answered(function, {"keywords": dict(keywords)}, self.limits.bytes)

    def scores(
        self, function: NamedFunction, scored: Sequence[ScoredCounts], *, is_tolerant: bool = False
    ) -> GivenValues:
        """What a function gives for each row of some counts, one after the other.

        Args:
            is_tolerant: Whether a call that fails has no value, and the others go on.

        Raises:
            FactoryError: Nothing, and why.
        """
        plain = [
            {
                "bitstrings": list(each.bitstrings),
                "rows": [list(row) for row in each.rows],
                "variables": dict(each.variables),
            }
            for each in scored
        ]
        most = self.limits.bytes + _BYTES_OF_A_VALUE * sum(len(each.rows) for each in scored)
        return self._answered(function, {"scored": plain, "is_tolerant": is_tolerant}, most)

    def _answered(
        self, function: NamedFunction, request: Mapping[str, object], most_bytes: int
    ) -> GivenValues:
        root = self.root.resolve()
        place, name = (root / function.path).resolve(), function.function
        content = self._content(function, place)
        own = place.relative_to(root).as_posix()
        child = FunctionProcess(
            root=root,
            timeout_s=self.timeout_s,
            memory_gb=self.memory_gb,
            most_bytes=most_bytes,
            gives="a value",
            name=f"{name} of {own}",
        )
        answer = _read(*child.answered({**request, "path": str(place), "function": name}))
        if answer.modules.get(own) != hashlib.sha256(content).hexdigest():
            raise _changed(function)
        if others := sorted({*answer.modules, *answer.files} - {own}):
            raise FunctionFaultError(
                f"{name} uses {others[0]}, and of the repository only {own} is a part of the strategy",
                f"write into {own} what it needs of it"
                + (", or install it as a package" if others[0] in answer.modules else ""),
            )
        return GivenValues(answer.values, f"{own}:{answer.line}")

    def _content(self, function: NamedFunction, place: Path) -> bytes:
        """The file of a function, found to be what the strategy was read with."""
        if not place.is_relative_to(self.root.resolve()):
            raise FactoryError(f"{function.path} is outside of the repository")
        try:
            with place.open("rb") as file:
                content = file.read(self.limits.bytes + 1)
            text = content.decode("utf-8-sig")
        except (OSError, ValueError) as error:
            raise FactoryError(f"{function.path} can't be read: {error}") from error
        if text_digest(text) != function.digest:
            raise _changed(function)
        return content


def _changed(function: NamedFunction) -> FactoryError:
    return FactoryError(
        f"{function.path} has changed since the experiment was read",
        "what it says now is another strategy, with jobs of its own: apply again to begin it",
    )


def _read(text: str, ended: Ended) -> GivenAnswer:
    answer = parsed(GivenAnswer, text, "values")
    if answer.message:
        raise FunctionFaultError(*why_nothing(answer, ended))
    return answer

"""Names that people type, with an index behind them, and what is said of those that nothing has. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runner.domain.expressions.constants import constant
from runner.domain.expressions.words import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.analysis.job_result import MeasuredJob


class UnknownQuantityError(ValueError):
    """Nothing is called so.

    Args:
        hint: What is, or how to say what is meant.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def split_name(text: str) -> tuple[str, str | None]:
    """Name and index: `v[0]` is `v` and `0`, `probability:01` is `probability` and `01`."""
    plain = text.strip()
    if plain.endswith("]") and "[" in plain:
        name, _, index = plain[:-1].partition("[")
        return name.strip(), ",".join(each.strip(" \t'\"") for each in index.split(","))
    name, colon, index = plain.partition(":")
    return name, index if colon else None


def near(word: str, known: Iterable[str], *, kind: str = "names") -> str:
    """A hint for a word that is not known: the nearest that is, or all of them."""
    names = list(known)
    by_lower_case = {name.lower(): name for name in reversed(names)}
    match = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"did you mean {by_lower_case[match[0]]}?" if match else f"{kind} are: {listed(names)}"


def listed(names: Sequence[str], most: int = 40) -> str:
    """Names with commas between them, the first of them where they are many."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def known_qubit(name: str, jobs: Iterable[MeasuredJob]) -> str:
    """A qubit that one of some jobs has.

    Raises:
        UnknownQuantityError: None has it.
    """
    known = tuple(dict.fromkeys(qubit for job in jobs for qubit in job.qubit_ids))
    if name not in known:
        raise UnknownQuantityError(f"there is no qubit {name}", near(name, known, kind="qubits"))
    return name


def numbers_of(index: str) -> list[float]:
    """The numbers of an index, with commas between them, as they are or as expressions.

    Raises:
        UnknownQuantityError: One is none.
    """
    try:
        return [constant(each) for each in index.split(",") if each.strip()]
    except ExpressionError as error:
        raise UnknownQuantityError(f"{index} is no number: {error}", "say numbers, as 6.0 or pi/6") from error

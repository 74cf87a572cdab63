"""Sequences that a function in Python gives. The function is run in a process of its own, never in this one.

The process has no credentials in its environment, little time, and dies with all that it started. That bounds
accidents, not malice: the code can do whatever the user can. It is run only where that is allowed.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.sequences.python_functions.function_process import (
    ChildAnswer,
    FunctionProcess,
    on_a_line,
    parsed,
    why_nothing,
)
from runner.spec.models.python_sequence import FactoryError, Made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.sequences.python_functions.supervised_process import Ended
    from runner.spec import Limits
    from runner.spec.models.sequence import PythonSequence


class SequenceAnswer(ChildAnswer):
    """What the process says of a sequence."""

    representation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factories:
    """Runs the functions that experiment files name.

    Args:
        root: Folder of the repository; functions are run there, and no file out of it.

        timeout_s: How long one may take (in s).

        memory_gb: How much memory it may take (in GB); None for half of the machine's.

        limits: How long a sequence may be.
    """

    root: Path
    timeout_s: float
    memory_gb: float | None
    limits: Limits

    def made(self, file: Path, sequence: PythonSequence) -> Made:
        """The sequence that a function gives.

        Raises:
            FactoryError: There is none, and why.
        """
        root, folder = self.root.resolve(), file.parent.resolve()
        place = (folder / sequence.path).resolve()
        if not place.is_relative_to(root):
            raise FactoryError(f"{sequence.path} is outside of the repository")
        answer = self._answer(place, sequence)
        own = place.relative_to(root).as_posix()
        if own not in answer.modules:
            raise FactoryError(f"{sequence.function} gave no sequence")
        digests = answer.modules | answer.files
        return Made(
            text=answer.representation,
            files={
                _from(folder, root / name): _text(root / name, each, self.limits.bytes)
                for name, each in digests.items()
            },
            record=_record(own, sequence, answer),
            warnings=tuple(on_a_line(each) for each in answer.warnings),
        )

    def _answer(self, place: Path, sequence: PythonSequence) -> SequenceAnswer:
        child = FunctionProcess(
            root=self.root,
            timeout_s=self.timeout_s,
            memory_gb=self.memory_gb,
            most_bytes=2 * self.limits.bytes,
            gives="a sequence",
            name=sequence.function,
        )
        request = {"path": str(place), "function": sequence.function, "args": sequence.args}
        return _read(*child.answered(request))


def _read(text: str, ended: Ended) -> SequenceAnswer:
    answer = parsed(SequenceAnswer, text, "a sequence")
    if answer.message or not answer.representation:
        raise FactoryError(*why_nothing(answer, ended))
    return answer


def _record(own: str, sequence: PythonSequence, answer: SequenceAnswer) -> dict[str, object]:
    return {
        "path": own,
        "function": sequence.function,
        "args": dict(sequence.args),
        "sha256": answer.modules[own],
        "modules": _listed({name: each for name, each in answer.modules.items() if name != own}),
        "files": _listed(answer.files),
        "versions": dict(answer.versions),
    }


def _listed(digests: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"path": name, "sha256": digests[name]} for name in sorted(digests)]


def _from(folder: Path, place: Path) -> str:
    return Path(os.path.relpath(place, folder)).as_posix()


def _text(place: Path, digest: str, most: int) -> str:
    """Content of a file as it was when it had its part; what is none, too long or changed equals no text."""
    try:
        content = place.read_bytes() if place.stat().st_size <= most else b""
        if hashlib.sha256(content).hexdigest() == digest:
            return content.decode("utf-8-sig")
    except (OSError, ValueError):
        pass
    return f"\0{digest}"

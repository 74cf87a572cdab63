"""Sequences that a function in Python gives. The function is run in a process of its own, never in this one.

The process has no credentials in its environment, little time, and dies with all that it started. That bounds
accidents, not malice: the code can do whatever the user can. It is run only where that is allowed.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from runner.domain.suggestions import readable
from runner.sequences.python_functions.supervised_process import Ended, supervised, without_secrets
from runner.spec.models.python_sequence import FactoryError, Made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.spec import Limits
    from runner.spec.models.sequence import PythonSequence

_PROCESS: Final = Path(__file__).with_name("child_main.py")
_WORDS: Final = 400
_OUTPUT_WORDS: Final = 200


def _inside(name: str) -> str:
    """A path that leads from the root to something below it."""
    if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError("no path of a file in the repository")
    return name


_Digests = dict[
    Annotated[str, AfterValidator(_inside)],
    Annotated[str, Field(pattern="^[0-9a-f]{64}$")],
]


class Answer(BaseModel):
    """What the process says; the user's code may have had a hand in it, so that it is judged as any input."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    representation: str = ""
    message: str = ""
    hint: str = ""
    modules: _Digests = {}
    files: _Digests = {}
    versions: dict[str, str] = {}
    warnings: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Factories:
    """Runs the functions that experiment files name.

    Args:
        root: Folder of the repository; functions are run there, and no file out of it.

        timeout_s: How long one may take (in s).

        limits: How long a sequence may be.
    """

    root: Path
    timeout_s: float
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
            warnings=tuple(_line(each, _WORDS) for each in answer.warnings),
        )

    def _answer(self, place: Path, sequence: PythonSequence) -> Answer:
        with tempfile.TemporaryDirectory(prefix="runner-factory-", ignore_cleanup_errors=True) as folder:
            request = {
                "root": str(self.root.resolve()),
                "path": str(place),
                "function": sequence.function,
                "args": sequence.args,
                "timeout_s": self.timeout_s,
            }
            (Path(folder) / "request.json").write_text(json.dumps(request), encoding="utf-8")
            ended = self._run(folder)
            return _read(self._text(Path(folder) / "answer.json", ended, sequence), ended)

    def _run(self, folder: str) -> Ended:
        # -P: neither the folder of the runner's code nor the working one is searched for modules.
        command = [sys.executable, "-P", "-X", "utf8", str(_PROCESS), folder]
        environ = without_secrets(os.environ)
        try:
            return supervised(command, folder=self.root, environ=environ, timeout_s=self.timeout_s)
        except OSError as error:
            raise FactoryError(f"Python can't be started: {error.strerror}") from error

    def _text(self, answer: Path, ended: Ended, sequence: PythonSequence) -> str:
        """What was answered.

        Raises:
            FactoryError: Nothing, or too much.
        """
        said = _printed(ended.output)
        if ended.code is None:
            hint = f"it may take longer with python_timeout_s in runner.toml{said and f'; {said}'}"
            raise FactoryError(f"{sequence.function} took longer than {self.timeout_s:g} s", hint)
        if ended.code < 0:
            raise FactoryError(f"{sequence.function} was killed by {_signal(-ended.code)}", said)
        if not answer.is_file():
            message = f"{sequence.function} ended Python before it gave a sequence (exit code {ended.code})"
            raise FactoryError(message, said)
        if answer.stat().st_size > 2 * self.limits.bytes:
            raise FactoryError(f"the sequence has more than {self.limits.characters:,} characters")
        return answer.read_text(encoding="utf-8", errors="replace")


def _read(text: str, ended: Ended) -> Answer:
    try:
        answer = Answer.model_validate_json(text)
    except ValidationError as error:
        raise FactoryError("the process of the function answered something else than a sequence") from error
    if answer.message or not answer.representation:
        hints = (_line(answer.hint, _WORDS), _printed(ended.output))
        raise FactoryError(_line(answer.message, _WORDS), "; ".join(hint for hint in hints if hint))
    return answer


def _record(own: str, sequence: PythonSequence, answer: Answer) -> dict[str, object]:
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


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _printed(output: str) -> str:
    words = " ".join(output.split())
    end = words if len(words) <= _OUTPUT_WORDS else f"…{words[-_OUTPUT_WORDS:]}"
    return f"it printed: {_line(end, _WORDS)}" if words else ""


def _line(text: str, most: int) -> str:
    """A text on one line, safe to print, and not too long."""
    # Both letters look the same; we write the micro sign.
    return readable(" ".join(text.split()).replace("\u03bc", "µ"), most)

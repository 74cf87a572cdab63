"""The process of a function: what it is asked, and what is said of one that does not answer."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from runner.domain.suggestions import readable
from runner.sequences.python_functions.supervised_process import Ended, supervised, without_secrets
from runner.spec.models.python_sequence import FactoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class ChildAnswer(BaseModel):
    """What the process says; the user's code may have had a hand in it, so that it is judged as any input."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    message: str = ""
    hint: str = ""
    modules: _Digests = {}
    files: _Digests = {}
    versions: dict[str, str] = {}
    warnings: list[str] = []


A = TypeVar("A", bound=ChildAnswer)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProcess:
    """Runs a function in a process of its own.

    Args:
        root: Folder of the repository; the function is run there.

        timeout_s: How long it may take (in s).

        memory_gb: How much memory it may take (in GB); None for half of the machine's.

        most_bytes: How long an answer may be.

        gives: What the function is to give, for people.

        name: What the function is called, for people.
    """

    root: Path
    timeout_s: float
    memory_gb: float | None
    most_bytes: int
    gives: str
    name: str

    def answered(self, request: Mapping[str, object]) -> tuple[str, Ended]:
        """What the process says, and how it ended.

        Args:
            request: See `child_main`; root and bounds are added.

        Raises:
            FactoryError: It says nothing, or too much.
        """
        bounds = {"timeout_s": self.timeout_s, "memory_gb": self.memory_gb}
        with tempfile.TemporaryDirectory(prefix="runner-function-", ignore_cleanup_errors=True) as folder:
            whole = {**request, "root": str(self.root.resolve()), **bounds}
            (Path(folder) / "request.json").write_text(json.dumps(whole), encoding="utf-8")
            ended = self._run(folder)
            return self.text(Path(folder) / "answer.json", ended), ended

    def _run(self, folder: str) -> Ended:
        # -P: neither the folder of the runner's code nor the working one is searched for modules.
        command = [sys.executable, "-P", "-X", "utf8", str(_PROCESS), folder]
        environ = without_secrets(os.environ)
        try:
            return supervised(command, folder=self.root, environ=environ, timeout_s=self.timeout_s)
        except OSError as error:
            raise FactoryError(f"Python can't be started: {error.strerror}") from error

    def text(self, answer: Path, ended: Ended) -> str:
        """What was answered.

        Raises:
            FactoryError: Nothing, or too much.
        """
        said = printed(ended)
        if ended.code is None:
            hint = f"it may take longer with python_timeout_s in runner.toml{said and f'; {said}'}"
            raise FactoryError(f"{self.name} took longer than {self.timeout_s:g} s", hint)
        if ended.code < 0:
            raise FactoryError(f"{self.name} was killed by {_signal(-ended.code)}", said)
        if not answer.is_file():
            message = f"{self.name} ended Python before it gave {self.gives} (exit code {ended.code})"
            raise FactoryError(message, said)
        if answer.stat().st_size > self.most_bytes:
            raise FactoryError(f"what {self.name} gave has more than {self.most_bytes:,} bytes")
        return answer.read_text(encoding="utf-8", errors="replace")


def parsed(kind: type[A], text: str, gives: str) -> A:
    """What the process says.

    Args:
        gives: What the function was to give, for people.

    Raises:
        FactoryError: It says something else.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise FactoryError(f"the process of the function answered something else than {gives}") from error


def why_nothing(answer: ChildAnswer, ended: Ended) -> tuple[str, str]:
    """Why a function gave nothing, and a hint, for people."""
    hints = (on_a_line(answer.hint), printed(ended))
    return on_a_line(answer.message), "; ".join(hint for hint in hints if hint)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def printed(ended: Ended) -> str:
    """The end of what a process printed, for people; empty where it printed nothing."""
    words = " ".join(ended.output.split())
    end = words if len(words) <= _OUTPUT_WORDS else f"…{words[-_OUTPUT_WORDS:]}"
    return f"it printed: {on_a_line(end)}" if words else ""


def on_a_line(text: str) -> str:
    """A text on one line, safe to print, and not too long."""
    # Both letters look the same; we write the micro sign.
    return readable(" ".join(text.split()).replace("\u03bc", "µ"), _WORDS)

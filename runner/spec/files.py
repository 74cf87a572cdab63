"""Opens files; nothing else in this room does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from runner.errors import Problem, SpecError
from runner.spec.models.python_sequence import make_nothing
from runner.spec.parser import ExperimentFile, parse
from runner.spec.values.referenced_files import CompanionError
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.loader import document

if TYPE_CHECKING:
    from pathlib import Path

    from runner.spec.models.python_sequence import MakeFor
    from runner.spec.yaml_text.document import Document
    from runner.spec.yaml_text.limits import Limits


class _ReadingError(Exception):
    """A file that can't be read, and why."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def load(
    path: Path,
    *,
    root: Path,
    shown_as: str | None = None,
    limits: Limits = LIMITS,
    make: MakeFor | None = None,
) -> ExperimentFile:
    """The experiment that a file describes.

    Args:
        root: Folder that files named in it must not leave, usually that of the repository.

        shown_as: How problems call the file; its path if left out.

        limits: How large it may be, and how much it may ask for.

        make: Runs the function in Python that gives a file its sequence; None where code must not run.

    Raises:
        SpecError: With every problem that was found.
    """
    name = str(path) if shown_as is None else shown_as
    _refuse_link_out(path, root, name)
    text = _text_or_problem(path, name, limits)

    def companion(relative: str) -> str:
        return _companion(path, relative, root, limits)

    making = make_nothing if make is None else partial(make, path)
    return parse(text, path=name, companion=companion, limits=limits, make=making)


def content_of(path: Path, *, root: Path, limits: Limits = LIMITS) -> bytes:
    """The content of an experiment file, found to be text.

    Raises:
        SpecError: It cannot be read, is too large, or leads out of the repository.
    """
    _refuse_link_out(path, root, str(path))
    try:
        content = _content(path, limits)
        _decoded(content)
    except _ReadingError as error:
        raise SpecError([Problem(str(path), error.line, error.column, "", error.message)]) from error
    return content


def _refuse_link_out(path: Path, root: Path, name: str) -> None:
    if _leads_out(path, root):
        raise SpecError([Problem(name, 1, 1, "", "the file is a link that leads out of the repository")])


def _leads_out(path: Path, root: Path) -> bool:
    """Whether a file of the repository stands elsewhere: problems would show lines of it."""
    try:
        inside = root.resolve()
        stands_in = path.parent.resolve().is_relative_to(inside)
        return stands_in and not path.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def document_at(path: Path, limits: Limits = LIMITS) -> Document:
    """A file as data with places, not judged.

    Raises:
        SpecError: It cannot be read.
    """
    return document(_text_or_problem(path, str(path), limits), path=str(path), limits=limits)


def _text_or_problem(path: Path, name: str, limits: Limits) -> str:
    try:
        return _text(path, limits)
    except _ReadingError as error:
        raise SpecError([Problem(name, error.line, error.column, "", error.message)]) from error


def _companion(path: Path, relative: str, root: Path, limits: Limits) -> str:
    """Content of a file that stands beside the experiment file, and inside the root."""
    try:
        target = (path.parent / relative).resolve()
        if not target.is_relative_to(root.resolve()):
            raise CompanionError(f"{relative} is outside of the repository")
        return _text(target, limits)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, CompanionError):
            raise
        raise CompanionError(f"{relative} is no path of a file") from error
    except _ReadingError as error:
        raise CompanionError(
            f"{relative}: {error.message}", "the path starts at the experiment file"
        ) from error


def _text(path: Path, limits: Limits) -> str:
    return _decoded(_content(path, limits))


def _content(path: Path, limits: Limits) -> bytes:
    try:
        if not path.is_file():
            raise _ReadingError("there is no such file")
        with path.open("rb") as file:
            content = file.read(limits.bytes + 1)
    except OSError as error:
        raise _ReadingError(f"the file can't be read: {error.strerror}") from error
    if len(content) > limits.bytes:
        raise _ReadingError(f"the file has more than {limits.bytes:,} bytes")
    return content


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        line = before.count("\n") + 1
        raise _ReadingError("the file is not UTF-8", line, len(before) - before.rfind("\n")) from error

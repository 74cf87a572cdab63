"""Files of a commit that is not trusted, read from git's objects: nothing of it is run.

No checkout is made: filters, attributes, hooks, submodules and links of the commit have no effect.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError
from runner.project.config.repository import STATE_FOLDER, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What is larger is no text of a person; an experiment file may have five million characters.
_MOST_BYTES: Final = 64_000_000
_MOST_BYTES_OF_ALL: Final = 1_000_000_000
_MOST_OF_A_PATH: Final = 200
_FILES: Final = ("100644", "100755")
_NEVER: Final = frozenset({"", ".", "..", ".git"})


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit.

    Args:
        path: From the top of the repository, with slashes.
    """

    path: str
    digest: str
    size: int


def write_tree(root: Path, commit: str, tree: Path) -> None:
    """Writes the plain files of a commit into a folder: no links, no submodules, nothing filtered.

    Args:
        root: A folder of the repository.

        commit: 40 hexadecimal digits.

    Raises:
        ProjectError: git cannot give them, they hold the runner's own folder, or they are too many.
    """
    blobs = blobs_in(_git(root, commit, "ls-tree", "-r", "-z", "-l", "--full-tree", commit), commit)
    if sum(blob.size for blob in blobs) > _MOST_BYTES_OF_ALL:
        raise ProjectError(f"{commit}: its files have more than {_MOST_BYTES_OF_ALL:,} bytes")
    asked = "".join(f"{blob.digest}\n" for blob in blobs).encode()
    answer = _git(root, commit, "cat-file", "--batch", asked=asked)
    tree.mkdir(parents=True, exist_ok=True)
    for blob, content in _contents(blobs, answer):
        file = tree.joinpath(*blob.path.split("/"))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ProjectError(
                f"{commit}: {_cut(blob.path)} of this commit cannot be written: {why}"
            ) from error


def _cut(path: str) -> str:
    """A path that is not trusted, fit for a message."""
    return repr(path if len(path) <= _MOST_OF_A_PATH else f"{path[:_MOST_OF_A_PATH]}…")


def blobs_in(listed: bytes, commit: str) -> list[Blob]:
    """The plain files in what `git ls-tree -z -l` says; links and submodules are left out. Pure.

    Raises:
        ProjectError: A path leads out of the tree, or into a folder that is the runner's own.
    """
    blobs = []
    for row in filter(None, listed.split(b"\0")):
        about, _, name = row.partition(b"\t")
        mode, _, digest, size = about.decode().split()
        if mode in _FILES and not size.isdigit():
            raise ProjectError(f"{commit}: git has not got all of its files", hint="fetch the whole commit")
        path = os.fsdecode(name)
        parts = path.split("/")
        if STATE_FOLDER in parts:
            hint = "take it out of git: journals and caches of others are not to be believed"
            raise ProjectError(f"{commit}: {_cut(path)} is in a folder of the runner's own", hint=hint)
        if mode not in _FILES or int(size) > _MOST_BYTES:
            continue
        if any(part.lower() in _NEVER or "\\" in part for part in parts):
            raise ProjectError(f"{commit}: {_cut(path)} is no path of a file")
        blobs.append(Blob(path, digest, int(size)))
    return blobs


def _contents(blobs: list[Blob], answer: bytes) -> Iterator[tuple[Blob, bytes]]:
    """The content of each, from what `git cat-file --batch` says: a line about it, it, and a line's end."""
    at = 0
    for blob in blobs:
        begin = answer.find(b"\n", at) + 1
        if answer[at:begin].split() != [blob.digest.encode(), b"blob", str(blob.size).encode()]:
            raise ProjectError(f"{_cut(blob.path)}: git has not got this file", hint="fetch the whole commit")
        at = begin + blob.size + 1
        yield blob, answer[begin : begin + blob.size]


def _git(root: Path, commit: str, *words: str, asked: bytes = b"") -> bytes:
    done = run_git(root, *words, stdin=asked)
    if done is None or done.returncode:
        raise ProjectError(f"{commit}: the files of this commit cannot be had")
    return done.stdout

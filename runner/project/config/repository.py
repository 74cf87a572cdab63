"""The repository on disk: where it begins, and what git says of it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError
from runner.project.config.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATE_FOLDER: Final = ".runner"
_GIT_TIMEOUT_S: Final = 20.0
GIT_LONG_S: Final = 120.0  # where all files of a commit are read
_OWNER_ALONE: Final = 0o700
_FOR_OTHERS: Final = 0o077
_NAMESPACE_DIGITS: Final = 8
_COMMIT: Final = re.compile("[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Revision:
    """What of the repository was run.

    Args:
        commit: None outside git, or before the first commit.

        is_dirty: Whether files differed from the commit; None when git does not know.
    """

    commit: str | None
    is_dirty: bool | None


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds runner.toml or is a git repository, else `start`."""
    folder = start if start.is_dir() else start.parent
    folder = folder.resolve()
    for each in (folder, *folder.parents):
        if (each / FILE_NAME).is_file() or (each / ".git").exists():
            return each
    return folder


def as_typed(folder: Path) -> Path:
    """A folder as one would type it in the working folder, so that messages name files so."""
    try:
        return Path(os.path.relpath(folder))
    except ValueError:  # another drive of Windows
        return folder


def from_root(path: Path | str, root: Path) -> str:
    """A path as it is called in the repository; outside of it the name alone."""
    whole, folder = Path(path).resolve(), root.resolve()
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else whole.name


def state_folder(root: Path) -> Path:
    """The runner's own folder in a repository, made and kept out of git, for its owner alone."""
    folder = root / STATE_FOLDER
    if folder.exists() and not folder.is_dir():
        hint = "the runner keeps its journal in a folder of that name; move the file away"
        raise ProjectError(f"{folder}: is a file, not a folder", hint=hint)
    if folder.is_symlink() and not folder.exists():
        raise ProjectError(f"{folder}: is a link to {folder.readlink()}, where nothing is")
    try:
        folder.mkdir(mode=_OWNER_ALONE, exist_ok=True)
        _shut(folder)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{folder}: cannot be made: {error}") from error
    return folder


def _shut(folder: Path) -> None:
    """Takes from others what an older version left them: it holds a journal, a store and reports."""
    found = folder.stat()
    is_mine = found.st_uid == os.getuid() if hasattr(os, "getuid") else False
    if is_mine and found.st_mode & _FOR_OTHERS:
        folder.chmod(_OWNER_ALONE)


def root_commit_namespace(root: Path) -> str | None:
    """First 8 digits of the root commit, which all clones share; None without one, or in a shallow clone."""
    if git_answer(root, "rev-parse", "--is-shallow-repository") != "false":
        return None
    roots = (git_answer(root, "rev-list", "--max-parents=0", "HEAD") or "").split()
    return min(roots)[:_NAMESPACE_DIGITS] if roots else None


def head_commit(root: Path) -> str | None:
    """The commit that is checked out; None outside git, or before the first commit."""
    return git_answer(root, "rev-parse", "--verify", "HEAD")


def revision(root: Path) -> Revision:
    """The commit that is checked out, and whether files differ from it."""
    commit = head_commit(root)
    changes = git_answer(root, "status", "--porcelain", "--untracked-files=normal")
    return Revision(commit, None if changes is None else bool(changes))


def unchanged_files(root: Path) -> frozenset[Path]:
    """Files below a folder that are as the commit that is checked out has them; none outside git."""
    tracked = git_answer(root, "ls-files", "-z")
    changed = git_answer(root, "diff", "--name-only", "--relative", "-z", "HEAD")
    if not tracked or changed is None:
        return frozenset()
    names = {*tracked.split("\0")} - {*changed.split("\0"), ""}
    return frozenset(root / name for name in names)


def descends_from(root: Path, commit: str) -> bool:
    """Whether what is checked out descends from a commit, or is it; no for one that git does not know."""
    if not _COMMIT.fullmatch(commit):
        return False
    return git_answer(root, "merge-base", "--is-ancestor", commit, "HEAD") is not None


def past_texts(root: Path, pattern: str) -> Iterator[str]:
    """What files of a pattern once were, in any branch, the newest first; nothing outside git.

    Args:
        pattern: As `results/*/manifest.json`, from the root of the repository; a star crosses no slash.
    """
    words = ("log", "--all", "--format=", "--raw", "--no-abbrev", "--", f":(glob){pattern}")
    changes = [line for line in (git_answer(root, *words) or "").splitlines() if line.startswith(":")]
    blobs = [line.split()[3] for line in changes]  # modes, and what was there before and after
    for blob in dict.fromkeys(each for each in blobs if each.strip("0")):
        text = git_answer(root, "cat-file", "blob", blob)
        if text is not None:
            yield text


def git_answer(root: Path, *words: str, timeout_s: float = _GIT_TIMEOUT_S) -> str | None:
    """What git answers, as a text; None where there is no git, no repository, or no answer."""
    done = run_git(root, *words, timeout_s=timeout_s)
    if done is None or done.returncode:
        return None
    # names of files may be any bytes
    return done.stdout.decode(errors="surrogateescape").replace("\r\n", "\n").strip()


def run_git(
    root: Path,
    *words: str,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    timeout_s: float = GIT_LONG_S,
) -> subprocess.CompletedProcess[bytes] | None:
    """What git did, without hooks; None where there is no git, or it did not end.

    Args:
        words: Of ours, or names that do not begin with a dash.

        environ: By default that of this process.
    """
    command = ["git", "-C", str(root), "-c", f"core.hooksPath={os.devnull}", *words]
    try:
        return subprocess.run(  # noqa: S603  (no shell)
            command, input=stdin, capture_output=True, timeout=timeout_s, env=environ, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None

"""A commit's files in a folder of their own, read from git's objects; the work tree is never touched."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError, SpecError, UsageError
from runner.project.api import Declared
from runner.project.cache.compiled_cache import CompiledCache
from runner.project.config.repository import git_answer, run_git
from runner.project.config.settings import FILE_NAME, read_settings
from runner.project.experiments.loader import experiment_files, load_experiments
from runner.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RANGE: Final = ".."


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit.

    Args:
        name: As the user says it.

        digest: 40 hexadecimal digits.
    """

    name: str
    digest: str


def commits(root: Path, text: str, *, takes_merge_base: bool = False) -> tuple[Commit, ...]:
    """The commit, or the two of `A..B`, that are meant; HEAD where a side is empty.

    Args:
        takes_merge_base: Whether `A...B` may be said, from where B left A to B; else it is refused.

    Raises:
        UsageError: There is no such commit, or no repository, or nothing that both come from.
    """
    if "..." in text:
        if takes_merge_base:
            return _from_merge_base(root, text)
        raise UsageError(f"--rev {text}: three dots mean a merge base", hint="say A..B, with two")
    names = [name.strip() or "HEAD" for name in text.split(_RANGE)]
    if len(names) > len("AB"):
        raise UsageError(f"--rev {text}: say one commit, or A..B")
    return tuple(Commit(name, _commit(root, name)) for name in names)


def _from_merge_base(root: Path, text: str) -> tuple[Commit, ...]:
    names = [name.strip() or "HEAD" for name in text.split("...")]
    if len(names) != len("AB"):
        raise UsageError(f"--rev {text}: say A...B")
    one, other = (Commit(name, _commit(root, name)) for name in names)
    base = git_answer(root, "merge-base", one.digest, other.digest)
    if not base:
        hint = "fetch more of the history: a shallow clone may not have it"
        raise UsageError(f"--rev {text}: git knows no commit that both come from", hint=hint)
    return replace(one, digest=base), other


def _commit(root: Path, name: str) -> str:
    if name.startswith("-"):
        raise UsageError(f"--rev {name}: no commit is called so")
    if git_answer(root, "rev-parse", "--git-dir") is None:
        raise UsageError(f"--rev {name}: {root} is in no git repository")
    digest = git_answer(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if digest is None:
        raise UsageError(f"--rev {name}: git knows no such commit", hint="`git log` and `git tag` list them")
    return digest


def below_top(root: Path) -> str:
    """Where a folder is in its git repository, with a slash at its end; empty for the top."""
    return git_answer(root, "rev-parse", "--show-prefix") or ""


def keeps_records(project: Project, commit: Commit) -> bool:
    """Whether git kept records of results at a commit."""
    listed = git_answer(
        project.root, "ls-tree", "-r", "--name-only", commit.digest, "--", project.settings.results
    )
    return any(name.endswith(".jsonl") for name in (listed or "").splitlines())


@contextmanager
def project_at(
    project: Project, commit: Commit, *, target: str | None = None, is_from_disk: bool = False
) -> Iterator[Project]:
    """The repository as it was at a commit, in a temporary folder.

    Whether Python may be run is what today's settings say.

    Args:
        target: The target that is meant; by default the one that runner.toml named then.

        is_from_disk: Whether its records are those on disk today, and not those of the commit.

    Raises:
        ProjectError: git cannot give the files.
    """
    with tempfile.TemporaryDirectory(prefix="runner-rev-") as folder:
        tree = Path(folder).resolve() / "tree"
        _extract(project.root, commit, tree)
        prefix = below_top(project.root)
        root = tree / prefix
        root.mkdir(parents=True, exist_ok=True)
        settings = read_settings(root / FILE_NAME)
        if target:
            settings.target_named(target)
        update: dict[str, object] = {"allow_python": project.settings.allow_python}
        if is_from_disk:
            update["results"] = str((project.root / project.settings.results).resolve())
        yield Project(
            root=root,
            settings=settings.model_copy(update=update),
            target_name=target or settings.target,
            environ=project.environ,
        )


def experiments_at(project: Project, past: Project, paths: Sequence[Path], commit: Commit) -> list[Declared]:
    """The experiments of some paths as they stood at a commit; none of a path that was not there.

    Args:
        project: The repository today, which knows what its target's devices can do.

        paths: As the user says them, of today.

    Raises:
        SpecError: A file could not be read then; its places are told as those of the commit.
    """
    there = [past.root / _below(project.root, path) for path in paths]
    files = [file for path in there if path.exists() for file in _files(path)]
    try:
        experiments = load_experiments(
            files,
            root=past.root,
            settings=past.settings,
            cache=CompiledCache(None, root=past.root, defaults={}),
            specifications=project.devices,
        )
    except SpecError as error:
        problems = [replace(each, path=_said(each.path, past.root, commit)) for each in error.problems]
        raise SpecError(problems, hint=error.hint) from error
    return [Declared(past, each) for each in experiments]


def _files(path: Path) -> list[Path]:
    try:
        return experiment_files([path])
    except UsageError:
        return []  # a folder that held none then


def _below(root: Path, path: Path) -> Path:
    try:
        return path.resolve().relative_to(root)
    except ValueError as error:
        raise UsageError(f"{path}: is not in the repository {root}") from error


def _said(path: str, root: Path, commit: Commit) -> str:
    place = Path(path)
    return f"{commit.name}:{place.relative_to(root)}" if place.is_relative_to(root) else path


def _extract(root: Path, commit: Commit, tree: Path) -> None:
    """Writes a commit's files, by an index of our own: neither git's index nor the work tree is touched."""
    top = git_answer(root, "rev-parse", "--show-toplevel")
    where = Path(top) if top else root
    environ = os.environ | {"GIT_INDEX_FILE": str(tree.with_name("index"))}
    tree.mkdir()
    for words in (["read-tree", commit.digest], ["checkout-index", "--all", f"--prefix={tree}/"]):
        done = run_git(where, *words, environ=environ)
        if done is None or done.returncode:
            said = done.stderr.decode(errors="replace").strip() if done else "git did not answer"
            raise ProjectError(f"{commit.name}: the files of this commit cannot be had: {said}")

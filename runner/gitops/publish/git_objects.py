"""Trees and commits that are made by git's plumbing, in an index beside the clone's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from runner.gitops.git import Git

_ROLES: Final = ("AUTHOR", "COMMITTER")
_NOBODY: Final = {
    f"GIT_{role}_{part}": value
    for role in _ROLES
    for part, value in (("NAME", "runner"), ("EMAIL", "runner@localhost"))
}


class Trees:
    """The trees of a clone.

    Args:
        index: A file of ours, which is made anew each time.
    """

    def __init__(self, git: Git, index: Path) -> None:
        self._git, self._index = git, index

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        """Mode and blob of each file of a tree, by its path; nothing where there is no tree."""
        lines = self._git.tell("ls-tree", "-r", "-z", "--full-tree", tree).split("\0") if tree else ()
        parts = [line.partition("\t") for line in lines if line]
        return {path: (facts.split()[0], facts.split()[2]) for facts, _, path in parts}

    def text(self, blob: str) -> str | None:
        """What a blob says, with plain ends of lines; None of no blob."""
        return self._git.tell("cat-file", "blob", blob) if blob else None

    def blob(self, text: str) -> str:
        """The blob of a text, as it is: no filter is asked."""
        return self._git.tell("hash-object", "-w", "--no-filters", "--stdin", stdin=text).strip()

    def held(self, folder: str, paths: Sequence[str]) -> str:
        """The tree of some files of a folder of the clone."""
        names = "".join(f"{folder}/{path}\n" for path in paths)
        blobs = self._git.tell("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).split()
        return self.tree("", dict(zip(paths, blobs, strict=True)), {})

    def tree(self, base: str, blobs: Mapping[str, str], modes: Mapping[str, str]) -> str:
        """A tree, and files that are put into it.

        Args:
            base: Empty for none.

            modes: Of those that are there; another one is a plain file.
        """
        self._read(base)
        lines = [f"{modes.get(path, '100644')} {blob}\t{path}\0" for path, blob in blobs.items()]
        self._git.tell("update-index", "-z", "--index-info", stdin="".join(lines), index=self._index)
        return self._git.tell("write-tree", index=self._index).strip()

    def write(self, tree: str, paths: Sequence[str], folder: Path) -> None:
        """Writes some files of a tree into a folder."""
        self._read(tree)
        names = "".join(f"{path}\0" for path in paths)
        words = ("checkout-index", "--force", "-z", "--stdin", f"--prefix={folder}/")
        self._git.tell(*words, stdin=names, index=self._index)

    def commit(self, tree: str, parent: str, message: str) -> str:
        """A commit, signed where git's configuration asks for that.

        Args:
            parent: Empty for none.
        """
        words = (*(("-p", parent) if parent else ()), *(("-S",) if self.signs else ()), "-F", "-", tree)
        return self._named().tell("commit-tree", *words, stdin=message).strip()

    @property
    def signs(self) -> bool:
        """Whether git's configuration asks for commits to be signed."""
        return self._git.ask("config", "--type=bool", "--get", "commit.gpgSign").out.strip() == "true"

    def _named(self) -> Git:
        """Git with a name for commits: the configured one, if there is one."""
        asked = (("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT") for role in _ROLES)
        if not any(self._git.ask(*words).code for words in asked):
            return self._git
        return replace(self._git, environ={**self._git.environ, **_NOBODY})

    def _read(self, tree: str) -> None:
        for left in (self._index, self._index.with_name(f"{self._index.name}.lock")):
            left.unlink(missing_ok=True)
        self._git.tell("read-tree", tree or "--empty", index=self._index)

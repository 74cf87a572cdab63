"""The clone on disk: made, reset, fetched into, and taken from one commit to the next."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from runner.errors import GitError, RemoteError
from runner.gitops.commit_policy import Relation, Signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.gitops.git import Git

STATE: Final = ".runner"
_FETCH: Final = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--force")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSource:
    """What is followed.

    Args:
        url: Of the repository, as git is to be told it.

        branch: None for the one that the repository names as its own.
    """

    url: str
    branch: str | None = None


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GitError(f"{folder}: cannot be written: {error}") from error


class Clone:
    """A clone that belongs to us alone: whatever in it is neither git's nor a record may be overwritten.

    Args:
        git: In the clone's folder.
    """

    def __init__(self, git: Git) -> None:
        self._git, self.folder = git, git.folder
        self.state = self.folder / STATE

    @property
    def git(self) -> Git:
        """Git in the clone's folder."""
        return self._git

    def reset(self) -> None:
        """Makes the clone, or takes away what a killed git has left; called under the lock.

        Raises:
            GitError: The folder holds something else.
        """
        fresh, inner = self.state / "fresh", self.folder / ".git"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self._staged, ignore_errors=True)
        if inner.is_dir():
            for lock in inner.rglob("*.lock"):
                lock.unlink(missing_ok=True)
            return
        foreign = sorted(each.name for each in self.folder.iterdir() if each.name != STATE)
        if foreign:
            raise GitError(
                f"{self.folder}: is no clone of ours: it holds {foreign[0]}", hint="name an empty folder"
            )
        self._git.tell("init", "--quiet", "--template=", str(fresh))
        (fresh / ".git" / "info").mkdir()
        (fresh / ".git" / "info" / "exclude").write_text(f"/{STATE}/\n", encoding="utf-8")
        (fresh / ".git").replace(inner)
        shutil.rmtree(fresh)

    def own_branch(self) -> str:
        """The branch that the repository names as its own.

        Raises:
            RemoteError: It names none, or cannot be reached.
        """
        for line in self._git.tell("ls-remote", "--symref", "origin", "HEAD").splitlines():
            target, _, name = line.partition("\t")
            if name == "HEAD" and target.startswith("ref: refs/heads/"):
                return target.removeprefix("ref: refs/heads/")
        raise RemoteError("the repository names no branch as its own: it may be empty", hint="say --branch")

    def remote_head(self, branch: str) -> str | None:
        """The newest commit of a branch; None where there is no such branch.

        Raises:
            RemoteError: The repository cannot be reached.
        """
        ref = f"refs/heads/{branch}"
        for line in self._git.tell("ls-remote", "origin", ref).splitlines():
            commit, _, name = line.partition("\t")
            if name == ref:
                return commit
        return None

    def fetch(self, branch: str, *, is_first: bool) -> str:
        """Fetches a branch; answers its newest commit.

        The first time without history; later what is new since.
        """
        depth = ("--depth=1",) if is_first else ()
        ref = f"refs/remotes/origin/{branch}"
        self._git.tell(*_FETCH, *depth, "origin", f"+refs/heads/{branch}:{ref}")
        return self._git.tell("rev-parse", "--verify", f"{ref}^{{commit}}").strip()

    def deepen(self, branch: str) -> None:
        """Fetches all history there is, unless it is there."""
        if self._git.tell("rev-parse", "--is-shallow-repository").strip() == "true":
            source = f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
            self._git.tell(*_FETCH, "--unshallow", "origin", source)

    def relation(self, applied: str, head: str, branch: str) -> Relation:
        """How the newest commit is related to the one in force; history is fetched where it takes that."""
        if not applied:
            return Relation.FIRST
        if applied == head:
            return Relation.SAME
        if self._descends(head, applied):
            return Relation.AHEAD
        self.deepen(branch)
        if self._descends(head, applied):
            return Relation.AHEAD
        if self._descends(applied, head):
            return Relation.BEHIND
        shared = self._git.ask("merge-base", applied, head)
        return Relation.UNRELATED if shared.code else Relation.DIVERGED

    def _descends(self, younger: str, older: str) -> bool:
        return self._git.ask("merge-base", "--is-ancestor", older, younger).code == 0

    def signature(self, commit: str) -> Signature:
        """Whether git can verify a commit, by the keys that its configuration trusts."""
        answer = self._git.ask("verify-commit", commit)
        return Signature.BAD if answer.code else Signature.GOOD

    def subject(self, commit: str) -> str:
        """The first line of a commit's message."""
        return self._git.tell("show", "--no-patch", "--format=%s", commit).strip()

    def changed(self, older: str, newer: str) -> frozenset[str]:
        """Paths of all files that commits changed, which came after one, up to another."""
        words = ("log", "--no-show-signature", "--format=", "--name-only", "--no-renames", "-m", "-z")
        return frozenset(self._git.tell(*words, f"{older}..{newer}").split("\0")) - {""}

    @property
    def _staged(self) -> Path:
        return self.state / "staged"

    def staged(self, commit: str) -> Path:
        """A folder with the files of a commit; what is in force stays where it is."""
        folder, index = self._staged, self.state / "staged.index"
        with _on_disk(self.folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for left in (index, index.with_name(f"{index.name}.lock")):
                left.unlink(missing_ok=True)
        self._git.tell("read-tree", commit, index=index)
        self._git.tell("checkout-index", "--all", "--force", f"--prefix={folder}/", index=index)
        return folder

    def forget_staged(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self._staged, ignore_errors=True)
        (self.state / "staged.index").unlink(missing_ok=True)

    def check_out(self, commit: str, results: str, *, former: str | None = None) -> None:
        """Brings the files to a commit, whatever they were, but for records that git does not know so.

        Args:
            results: Folder of the records, from the root.

            former: Where they were until now. They are copied from there, and stay there until the next
                time: after a kill here the next process begins with that folder.

        Raises:
            GitError: Git refused, or the disk did.
        """
        folders = list(dict.fromkeys((results, former or results)))
        with _on_disk(self.folder):
            self._bring(commit, folders)

    def _bring(self, commit: str, folders: list[str]) -> None:
        exclude = self.folder / ".git" / "info" / "exclude"
        exclude.write_text("".join(f"/{each}/\n" for each in (STATE, *folders)), encoding="utf-8")
        kept = [path for each in folders for path in self._own_records(each)]
        paths = [".", *(f":(exclude,literal){path}" for path in (STATE, *kept))]
        if not self._git.tell("ls-tree", commit):
            paths = []  # a commit without files
        if paths:
            self._git.tell(
                "restore",
                f"--source={commit}",
                "--worktree",
                "--pathspec-from-file=-",
                "--pathspec-file-nul",
                stdin="\0".join(paths),
            )
        self._git.tell("update-ref", "--no-deref", "HEAD", commit)
        self._git.tell("reset", "--quiet", "--mixed", commit)
        self._carry(kept, folders[-1], folders[0])
        self._git.tell("clean", "-ffdxq", *(f"--exclude=/{each}" for each in (STATE, *folders)))

    def _carry(self, records: list[str], former: str, results: str) -> None:
        """Copies records to where they are looked for from now on; none over another."""
        for path in map(PurePosixPath, records):
            if former == results or not path.is_relative_to(former):
                continue
            there = self.folder / results / path.relative_to(former)
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.folder / path, there)

    def _own_records(self, results: str) -> list[str]:
        """Records that differ from what git knows of them, or that it does not know."""
        changed = self._git.tell("ls-files", "-z", "--modified", "--others", "--", results)
        deleted = set(self._git.tell("ls-files", "-z", "--deleted", "--", results).split("\0"))
        return [path for path in changed.split("\0") if path and path not in deleted]

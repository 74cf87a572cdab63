"""Records on a branch: commits made beside the clone's files, pushed as fast-forwards and never by force.

Neither the files of the clone, nor its index, nor the commit in force is touched: a commit is made of the
branch's newest one in an index of its own. What was here at the last push is kept under a reference.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from runner.errors import GitError, RemoteError
from runner.gitops.git import said
from runner.gitops.publish.choose_records import (
    FILES,
    Known,
    Publication,
    RecordChoice,
    RecordsPlace,
    Sides,
    choice,
    folders_of,
    is_record,
    message,
    obstacle,
)
from runner.gitops.publish.git_objects import Trees
from runner.gitops.state_file import write_aside
from runner.gitops.urls import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from runner.gitops.clone import Clone
    from runner.gitops.git import GitAnswer

MEMORY: Final = "records.json"
_KEPT: Final = "refs/runner/records"
_ATTEMPTS: Final = 6
# What git says while another process writes the branch.
_BUSY: Final = ("cannot lock ref", "failed to update ref")


class Publisher:
    """Pushes the records of a clone.

    Args:
        pause: Called before each further attempt, with its number: 1 for the first of them.
    """

    def __init__(self, clone: Clone, pause: Callable[[int], None]) -> None:
        self._clone, self._git, self._pause = clone, clone.git, pause
        self._memory = clone.state / MEMORY
        self._trees = Trees(clone.git, clone.state / "records.index")
        self._seen: object = None

    @property
    def signs(self) -> bool:
        """Whether the commits are signed."""
        return self._trees.signs

    def publish(self, place: RecordsPlace) -> Publication:
        """Brings the branch to what is on record here; sends nothing when that is as it was at the last push.

        Raises:
            RemoteError: The repository cannot be reached, refuses, or others push all the time.
        """
        with _errors_told():
            state = tuple(self._state(place))
        if not state or state == self._seen:
            return Publication()
        held = self._trees.held(place.results, [each[0] for each in state])
        known = self._known(place)
        publication = Publication()
        if held != known.held:
            publication = self._pushed(place, known, held)
        self._seen = state
        return publication

    def bring_back(self, place: RecordsPlace) -> int:
        """Writes the records of the branch that are missing here, unless it is known; answers how many.

        Raises:
            RemoteError: The repository cannot be reached.
        """
        if self._read() is not None and self._known(place) == self._read():
            return 0
        head = self._head(place)
        with _errors_told():
            found = self._missing(head, place) if head else []
        self._remember(Known(url=self._url, branch=place.branch, folder=place.folder, commit=head))
        return len(found)

    def _state(self, place: RecordsPlace) -> Iterator[tuple[str, int, int, int]]:
        """Each record here: its path, and by what a newer one is told."""
        root = self._clone.folder / place.results
        for found in sorted([*root.glob("*/*/*"), *root.glob("*/*/*/*")]):
            path = found.relative_to(root).as_posix()
            if is_record(path) and found.is_file() and found.resolve() == root.resolve() / path:
                stat = found.stat()
                yield path, stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _pushed(self, place: RecordsPlace, known: Known, held: str) -> Publication:
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(attempt)
            head = self._head(place)
            before = known.held if self._continues(known, head) else ""
            choices = self._choices(head, held, before, place)
            if _are_manifests_alone(choices):
                return Publication()  # they go with the first results
            commit = self._commit(head, held, choices, place)
            if not commit or self._push(commit, head, place):
                return self._done(commit or head, known, held, choices, is_new=bool(commit))
        raise RemoteError(f"{self._url}: others pushed to {place.branch} {_ATTEMPTS} times in a row")

    def _done(
        self, commit: str, known: Known, held: str, choices: Mapping[str, RecordChoice], *, is_new: bool
    ) -> Publication:
        left = tuple(f"{path} {each.left}" for path, each in sorted(choices.items()) if each.left)
        self._git.tell("update-ref", _KEPT, held)
        self._remember(
            Known(
                url=known.url, branch=known.branch, folder=known.folder, commit=commit, held=held, left=left
            )
        )
        fresh = tuple(each for each in left if each not in known.left)
        return Publication(commit=commit if is_new else "", jobs=_jobs(choices), left=fresh)

    def _head(self, place: RecordsPlace) -> str:
        """The branch's newest commit, fetched with its history; empty where there is no branch."""
        head = self._clone.remote_head(place.branch)
        if head is None and place.is_followed:
            raise RemoteError(f"{self._url}: there is no branch {place.branch}")
        # No depth: it would make a clone shallow whose first commit is asked for.
        return self._clone.fetch(place.branch, is_first=False) if head else ""

    def _continues(self, known: Known, head: str) -> bool:
        """Whether the branch goes on from where it was: if not, what was pushed there is not known of it."""
        if not (known.commit and known.held and head):
            return False
        asked = (("merge-base", "--is-ancestor", known.commit, head), ("cat-file", "-e", known.held))
        return not any(self._git.ask(*words).code for words in asked)

    def _choices(self, head: str, held: str, before: str, place: RecordsPlace) -> dict[str, RecordChoice]:
        """What becomes of each record, by its path."""
        ours, earlier, theirs = self._trees.files(held), self._trees.files(before), self._trees.files(head)
        modes = {path: mode for path, (mode, _) in theirs.items()}
        folders = {folder for path in theirs for folder in folders_of(path)}
        found = {}
        for path, (_, blob) in ours.items():
            there = place.there(path)
            _, known = theirs.get(there, ("", ""))
            if reason := obstacle(there, modes, folders):
                found[path] = RecordChoice(left=reason)
            elif known != blob:
                texts = (
                    self._trees.text(blob),
                    self._trees.text(known),
                    self._trees.text(earlier.get(path, ("", ""))[1]),
                )
                found[path] = choice(Sides(path=path, ours=texts[0] or "", theirs=texts[1], before=texts[2]))
        return found

    def _commit(self, head: str, held: str, choices: Mapping[str, RecordChoice], place: RecordsPlace) -> str:
        """A commit with what is to be written, on the branch's newest one; empty where nothing is."""
        ours, trees = self._trees.files(held), self._trees
        blobs = {
            place.there(path): ours[path][1] if each.is_ours else trees.blob(each.text)
            for path, each in choices.items()
            if each.text is not None
        }
        if not blobs:
            return ""
        tree = trees.tree(head, blobs, {path: mode for path, (mode, _) in trees.files(head).items()})
        return trees.commit(tree, head, message(_jobs(choices), skips_ci=place.is_followed))

    def _push(self, commit: str, head: str, place: RecordsPlace) -> bool:
        """Pushes a commit; says whether the branch has it now, and not that others were there first.

        Raises:
            RemoteError: The repository refuses it for another reason.
        """
        target = f"{commit}:refs/heads/{place.branch}"
        answer = self._git.ask("push", "--quiet", "--no-follow-tags", "origin", target)
        now = self._clone.remote_head(place.branch) if answer.code else commit
        if now == commit:  # also where the answer was lost
            self._git.tell("update-ref", f"refs/remotes/origin/{place.branch}", commit)
            return True
        if (now or "") == head and not any(each in answer.err for each in _BUSY):
            reason = _reason(answer).replace(commit, "records")  # the same for each attempt
            raise RemoteError(f"{self._url}: the push to {place.branch} was refused: {reason}")
        return False

    def _missing(self, head: str, place: RecordsPlace) -> list[str]:
        """Writes the records of a commit that are missing here, each of them whole or not at all."""
        prefix, root = place.there(""), self._clone.folder / place.results
        paths = [
            path.removeprefix(prefix)
            for path, (mode, _) in self._trees.files(head).items()
            if path.startswith(prefix) and mode in FILES and is_record(path.removeprefix(prefix))
        ]
        missing = [path for path in paths if not (root / path).exists() and _is_plain(root, path)]
        aside = self._clone.state / "records.staged"
        shutil.rmtree(aside, ignore_errors=True)
        self._trees.write(head, [place.there(path) for path in missing], aside)
        for path in missing:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (aside / place.there(path)).replace(root / path)
        shutil.rmtree(aside, ignore_errors=True)
        return missing

    @property
    def _url(self) -> str:
        return shown(self._git.url)

    def _known(self, place: RecordsPlace) -> Known:
        """What is known of the branch; of another one than at the last push, nothing."""
        here, known = (self._url, place.branch, place.folder), self._read()
        if known and (known.url, known.branch, known.folder) == here:
            return known
        return Known(url=self._url, branch=place.branch, folder=place.folder)

    def _read(self) -> Known | None:
        try:
            found = json.loads(self._memory.read_text(encoding="utf-8"))
            return Known(**(found | {"left": tuple(found["left"])}))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # what is on the branch is looked at then

    def _remember(self, known: Known) -> None:
        write_aside(self._memory, asdict(known))


@contextmanager
def _errors_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GitError(f"the records cannot be read or written: {error}") from error


def _reason(answer: GitAnswer) -> str:
    """What git says of a push that was refused, without where it went."""
    lines = (
        line for line in answer.err.splitlines() if not line.startswith(("To ", "error: failed to push"))
    )
    return said(replace(answer, err="\n".join(lines)))


def _are_manifests_alone(choices: Mapping[str, RecordChoice]) -> bool:
    """Whether something is bought of which nothing came back yet."""
    written = [path for path, each in choices.items() if each.text is not None]
    return bool(written) and all(path.endswith("/manifest.json") for path in written)


def _jobs(choices: Mapping[str, RecordChoice]) -> dict[str, int]:
    """How many jobs are written, by experiment; also of those of which something else is."""
    jobs: dict[str, int] = {}
    for path, each in choices.items():
        if each.text is not None:
            name = path.split("/")[0]
            jobs[name] = jobs.get(name, 0) + each.jobs
    return jobs


def _is_plain(root: Path, path: str) -> bool:
    """Whether a file would lie where its path says: no folder on the way is a link or a file."""
    above = [root / each for each in folders_of(path)]
    return not any(each.is_symlink() or (each.exists() and not each.is_dir()) for each in above)

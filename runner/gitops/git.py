"""Git on the command line: asked without a terminal, for a bounded time, ended on request."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.errors import GitError, RemoteError
from runner.gitops.urls import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOCAL_S: Final = 120.0
REMOTE_S: Final = 600.0
_REMOTE: Final = frozenset({"fetch", "ls-remote", "push"})
_POLL_S: Final = 0.2
_GRACE_S: Final = 5.0
_LINES: Final = 2

# Variables by which a caller's own repository, or its hooks, would be meant.
_FOREIGN: Final = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_CEILING_DIRECTORIES",
    }
)


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """What git said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Git in one folder.

    Args:
        url: The repository it fetches from. It is told to git in the environment: it may hold a password,
            which thus is in no file and in no list of processes.

        environ: What git inherits: credentials and their helpers are its own affair.

        check: Raises once there is a request to end; asked while git works.

        kept: Descriptors that git inherits.
    """

    folder: Path
    url: str
    environ: Mapping[str, str] = field(repr=False)
    check: Callable[[], None] = lambda: None
    kept: tuple[int, ...] = ()

    def ask(self, *words: str, stdin: str = "", index: Path | None = None) -> GitAnswer:
        """What git answers, be it a refusal.

        Raises:
            GitError: There is no git, or it did not end in time.
        """
        environ = self._environ() | ({"GIT_INDEX_FILE": str(index)} if index else {})
        settings = [word for each in _SETTINGS for word in ("-c", each)]
        try:
            process = subprocess.Popen(  # noqa: S603  (no shell)
                ["git", *settings, *words],  # noqa: S607  (the user's git)
                cwd=self.folder,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="surrogateescape",
                start_new_session=True,  # so that ssh finds no terminal, and ends with git
                pass_fds=self.kept,
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error}", hint="install git 2.31 or newer") from error
        with process:
            out, err = self._communicated(process, stdin, words[0])
        return GitAnswer(process.returncode, out, shown(err))

    def _communicated(self, process: subprocess.Popen[str], stdin: str, verb: str) -> tuple[str, str]:
        timeout_s = REMOTE_S if verb in _REMOTE else LOCAL_S
        deadline, given = time.monotonic() + timeout_s, stdin
        try:
            while True:
                try:
                    return process.communicate(given, timeout=_POLL_S)
                except subprocess.TimeoutExpired:
                    given = ""  # the first call has it
                self.check()
                _must_end(verb, deadline, timeout_s)
        except BaseException:
            _end(process)
            raise

    def tell(self, *words: str, stdin: str = "", index: Path | None = None) -> str:
        """What git answers.

        Raises:
            GitError: It refused.

            RemoteError: The repository that it fetches from cannot be reached, or refused.
        """
        answer = self.ask(*words, stdin=stdin, index=index)
        if answer.code and words[0] in _REMOTE:
            raise RemoteError(f"{shown(self.url)}: {said(answer)}")
        if answer.code:
            raise GitError(f"git {words[0]} in {self.folder}: {said(answer)}")
        return answer.out

    def _environ(self) -> dict[str, str]:
        inherited = {name: value for name, value in self.environ.items() if name not in _FOREIGN}
        count = inherited.get("GIT_CONFIG_COUNT", "0")
        at = int(count) if count.isdecimal() else 0
        return inherited | {
            "GIT_TERMINAL_PROMPT": "0",
            "SSH_ASKPASS_REQUIRE": "never",
            "LC_ALL": "C",
            "GIT_CONFIG_COUNT": str(at + 1),
            f"GIT_CONFIG_KEY_{at}": "remote.origin.url",
            f"GIT_CONFIG_VALUE_{at}": self.url,
        }


# No hook runs, nothing goes on in the background, nothing asks, and files are as they were committed.
_SETTINGS: Final = (
    f"core.hooksPath={os.devnull}",
    "gc.autoDetach=false",
    "core.fsmonitor=false",
    "advice.detachedHead=false",
    "core.quotePath=false",
    "core.autocrlf=false",
)


def said(answer: GitAnswer) -> str:
    """What git complained of first, in a line."""
    lines = [line.strip().removeprefix("fatal: ") for line in answer.err.splitlines() if line.strip()]
    return "; ".join(lines[:_LINES]) or f"exit code {answer.code}"


def _must_end(verb: str, deadline: float, timeout_s: float) -> None:
    if time.monotonic() > deadline:
        kind = RemoteError if verb in _REMOTE else GitError
        raise kind(f"git {verb} did not end within {timeout_s:g} s")


def _end(process: subprocess.Popen[str]) -> None:
    """Ends git and what it has started: kindly first, so that it takes its locks away."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.communicate(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            continue
        return

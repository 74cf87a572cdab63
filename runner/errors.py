"""Every error a user can meet, below everything else.

    RunnerError
    ├── UsageError                  a word of the call is off
    ├── ProjectError                runner.toml, targets, namespace
    ├── SpecError                   every problem found in experiment files
    ├── SequenceError               a sequence that cannot be built or read
    ├── GitError                    git refused, or a clone is not as it should be
    │   └── RemoteError                 a repository that cannot be reached, or refused
    ├── DeliveryError               a notification or a commit's state could not be told
    ├── JournalError                the journal cannot be read, written or locked
    ├── PlanError                   a saved plan cannot be read, or no longer holds
    ├── RecordError                 a record of results cannot be read or written
    ├── LocalCloudError             the cloud on this machine cannot be started or reached
    └── CloudError                  an answer of the cloud, or none
        ├── CloudUnavailableError   no connection, or an answer that asks to try again later
        ├── CloudRejectedError      a 4xx: the request was refused and nothing happened
        │   ├── AuthenticationError     401, 403, or no token could be had
        │   ├── NotFoundError           404
        │   ├── ConflictError           409
        │   └── InvalidPayloadError     400, 422
        ├── UnknownOutcomeError     a request that may or may not have been carried out
        ├── WireFormatError         an answer that cannot be read
        └── BatchCreationError …    what a user of Batch and Job was doing; the cause is one of the above

Raise with `from`, so that the cause is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_BODY_CHARACTERS = 256


class RunnerError(Exception):
    """Anything that went wrong and that the user can read about.

    Args:
        message: What went wrong, and where.

        hint: What to do about it; empty when there is nothing to advise.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # Python prints it below the error


class UsageError(RunnerError):
    """A word of the call is off."""


class ProjectError(RunnerError):
    """The repository's settings, targets or namespace do not fit."""


class UnknownJobError(UsageError, KeyError):
    """Results have no job of this name."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in one place of a file.

    Args:
        path: The file, as the user named it.

        line: Counted from 1.

        column: Counted from 1.

        pointer: JSON pointer of the value (RFC 6901), for example `/spec/jobs/0/runs`.

        message: What is wrong, and what was expected.

        hint: What to do; for example the nearest valid name.

        excerpt: The offending line as it stands in the file.
    """

    path: str
    line: int
    column: int
    pointer: str
    message: str
    hint: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        lines = [f"{self.path}:{self.line}:{self.column}: {self.message}"]
        if self.excerpt:
            # A tab before the caret keeps it under its character whatever a tab is wide.
            margin = "".join("\t" if c == "\t" else " " for c in self.excerpt[: self.column - 1])
            lines += [f"    {self.excerpt}", f"    {margin}^"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


class SpecError(RunnerError):
    """All problems of one or more experiment files, in the order of their places."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)), hint=hint)


class SequenceError(RunnerError):
    """A sequence cannot be built or read."""


class GitError(RunnerError):
    """Git refused something, or a clone is not as it should be."""


class RemoteError(GitError):
    """A repository cannot be reached, or refuses to answer."""


class DeliveryError(RunnerError):
    """A notification, or the state of a commit, could not be told to others."""


class JournalError(RunnerError):
    """The journal cannot be read, written or locked."""


class PlanError(RunnerError):
    """A saved plan cannot be read, or no longer holds."""


class RecordError(RunnerError):
    """A record of results cannot be read or written."""


class LocalCloudError(RunnerError):
    """The cloud on this machine cannot be started or reached."""


class CloudError(RunnerError):
    """A request to the cloud went wrong.

    Args:
        message: What went wrong.

        method: HTTP method, empty when no request was made.

        path: Path of the URL, without host, query and token.

        status: HTTP status, None without an answer.

        code: The cloud's own error code, when its answer had one.

        body: Beginning of the answer; cut, because error pages can be long.

        hint: What to do about it.
    """

    def __init__(  # noqa: PLR0913  (the facts of one failed request)
        self,
        message: str,
        *,
        method: str = "",
        path: str = "",
        status: int | None = None,
        code: str | None = None,
        body: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.method = method
        self.path = path
        self.status = status
        self.code = code
        self.body = body[:_BODY_CHARACTERS]
        self.retry_after: str | None = None  # the header of that name, when the answer had one

    def __str__(self) -> str:
        where = f" ({self.method} {self.path}" + (f": HTTP {self.status})" if self.status else ")")
        return self.message + (where if self.method else "") + (f": {self.body}" if self.body else "")


class CloudUnavailableError(CloudError):
    """The cloud cannot be reached, or asks to try again later."""


class CloudRejectedError(CloudError):
    """The cloud refused the request; nothing happened."""


class AuthenticationError(CloudRejectedError):
    """The credentials are missing, wrong, or do not allow this."""


class NotFoundError(CloudRejectedError):
    """There is no such thing on the cloud, or it belongs to somebody else."""


class ConflictError(CloudRejectedError):
    """The state of the batch or job does not allow this."""


class InvalidPayloadError(CloudRejectedError):
    """The cloud does not accept what was sent."""


class UnknownOutcomeError(CloudError):
    """The request may or may not have been carried out; look before sending it again.

    It carries what is needed to look: see `runner.cloud.Cloud.look_up`.

    Attributes:
        tags: Those of the batch that was to be created.

        batch_id: The batch that jobs were to be added to, or that was to be batched again.

        jobs: How many jobs were sent.

        sent_at: When, by this machine's clock.
    """

    tags: tuple[str, ...] = ()
    batch_id: str | None = None
    jobs: int = 0
    sent_at: datetime | None = None


class WireFormatError(CloudError):
    """The answer cannot be read."""


class BatchCreationError(CloudError):
    """A batch could not be created."""


class BatchFetchingError(CloudError):
    """A batch could not be read."""


class BatchClosingError(CloudError):
    """A batch could not be closed."""


class BatchCancellingError(CloudError):
    """A batch could not be cancelled."""


class BatchSetTagsError(CloudError):
    """The tags of a batch could not be replaced."""


class RebatchError(CloudError):
    """A batch could not be batched again."""


class JobCreationError(CloudError):
    """Jobs could not be added."""


class JobFetchingError(CloudError):
    """A job or its result could not be read."""


class JobCancellingError(CloudError):
    """A job could not be cancelled."""


class JobRetryError(CloudError):
    """A job could not be sent again."""

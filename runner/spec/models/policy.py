"""How the file wants to be reconciled."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from runner import domain
from runner.spec.models.base import Finite, Strict, key, optional

_DEFAULT = domain.Policy()
_NAME = r"^[a-z0-9][a-z0-9-]*$"
_Part = TypeVar("_Part", bound=Strict)


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        moment = _read(value)
    else:
        raise PydanticCustomError("moment", "expected a date and time, as 2026-03-01T12:00:00Z")
    if moment.tzinfo is None:
        raise PydanticCustomError("moment", "expected a time zone after the time: Z for UTC, or +01:00")
    return moment


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        message = "expected a date and time, as 2026-03-01T12:00:00Z"
        raise PydanticCustomError("moment", message) from error


def _pattern(value: object) -> object:
    try:
        return re.compile(value).pattern if isinstance(value, str) else value
    except re.error as error:
        message = "expected a regular expression: {problem}"
        raise PydanticCustomError("pattern", message, {"problem": str(error)}) from error


_Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
_Pattern = Annotated[str, BeforeValidator(_pattern), Field(min_length=1, max_length=500)]
_Name = Annotated[str, Field(pattern=_NAME, max_length=40)]


class Retry(Strict):
    """How often, after what, and how soon a job is tried again."""

    limit: int = key("How many times a job is tried again.", 2, default=_DEFAULT.retry.limit, ge=0, le=100)
    on: Annotated[tuple[Literal["ERROR", "CANCELED"], ...], Field(strict=False)] = key(
        "Statuses that count as a failure.", ["ERROR"], default=("ERROR",)
    )
    errors: Annotated[tuple[_Pattern, ...], Field(strict=False, max_length=20)] = key(
        "Regular expressions: a failed job is tried again only if one of them is found in its "
        "error messages. Left out: whatever the message says.",
        ["timeout", "laser.*unlocked"],
        default=(),
    )
    backoff_s: Finite = key(
        "Time between a failure and the next try (in s).", 30, default=_DEFAULT.retry.backoff_s, ge=0
    )


class Budget(Strict):
    """A limit on what the experiment may cost, over everything ever bought for it."""

    runs: int | None = optional("A plan that would bring the runs above it is refused.", 20000, ge=1)
    jobs: int | None = optional("A plan that would bring the remote jobs above it is refused.", 200, ge=1)
    qpu_s: Finite | None = optional(
        "A plan that would bring the estimated QPU time above it is refused (in s).", 3600, gt=0
    )


class Policy(Strict):
    """How the file wants to be reconciled."""

    runs: Literal["top-up", "exact"] = key(
        "top-up: raised runs buy the difference; exact: one remote job has exactly that number.",
        "top-up",
        default=_DEFAULT.runs.value,
    )
    batch: Literal["closed", "open"] = key(
        "open: keep the device until all jobs are done, then close.", "closed", default=_DEFAULT.batch.value
    )
    retry: Retry = key("Which failed jobs are sent again.", {"limit": 2}, default_factory=Retry)
    prune: Literal["keep", "cancel"] = key(
        "Pending jobs that the file no longer asks for.", "keep", default=_DEFAULT.prune.value
    )
    supersede: Literal["keep", "cancel"] = key(
        "Pending batches of an older recipe.", "cancel", default=_DEFAULT.supersede.value
    )
    submission: Literal["claim", "direct"] = key(
        "claim: an empty batch first, then its jobs; direct: one POST that buys at once.",
        "claim",
        default=_DEFAULT.submission.value,
    )
    on_unknown_submission: Literal["hold", "resubmit"] | None = optional(
        "For direct, after a submission that can't be found again; hold on a QPU, resubmit on an "
        "emulator if left out.",
        "hold",
    )
    shortfall: Literal["keep", "buy"] = key(
        "Shots that are missing in a result. keep: they are shown, and nothing is bought; buy: "
        "they are bought, but not with `runs: exact` or `repeat`.",
        "keep",
        default=_DEFAULT.shortfall.value,
    )
    on_device_change: Literal["hold", "measure"] = key(
        "Emulated, when constants of the device are others than those that were measured, and the"
        " file does not say which, as after an update of Pulser. hold: a person decides; measure: all is"
        " bought anew.",
        "hold",
        default=_DEFAULT.on_device_change.value,
    )
    budget: Budget = key("A limit on what may be spent.", {"runs": 20000}, default_factory=Budget)
    deadline: _Moment | None = optional(
        "Nothing is bought after it, and pending jobs are then no longer asked for (see prune). "
        "With a time zone.",
        "2026-03-01T12:00:00Z",
    )
    suspend: bool = key(
        "true: nothing is bought for now; what is under way goes on, and is recorded.",
        True,
        default=_DEFAULT.suspend,
    )
    depends_on: Annotated[tuple[_Name, ...], Field(strict=False, max_length=100)] = key(
        "Names of experiments that must be complete before anything is bought.", ["calibration"], default=()
    )
    max_failed: int | None = optional(
        "Once so many remote jobs have failed, nothing more is bought.", 5, ge=1
    )
    max_jobs_per_batch: int | None = optional(
        "More jobs are bought in several batches, in order, one after the other.", 50, ge=1
    )

    def over(self, defaults: "Policy") -> "Policy":
        """What this policy says; where it says nothing, what the defaults say."""
        return _over(self, defaults)

    def as_desired(self) -> domain.Policy:
        """The same, in the words that everybody uses."""
        unknown = self.on_unknown_submission
        return domain.Policy(
            runs=domain.RunsMode(self.runs),
            batch=domain.BatchMode(self.batch),
            retry=domain.Retry(
                limit=self.retry.limit,
                on=tuple(domain.JobStatus(status) for status in self.retry.on),
                errors=self.retry.errors,
                backoff_s=self.retry.backoff_s,
            ),
            prune=domain.Surplus(self.prune),
            supersede=domain.Surplus(self.supersede),
            submission=domain.Submission(self.submission),
            on_unknown_submission=None if unknown is None else domain.OnUnknown(unknown),
            shortfall=domain.Shortfall(self.shortfall),
            on_device_change=domain.OnDeviceChange(self.on_device_change),
            budget=domain.Budget(runs=self.budget.runs, jobs=self.budget.jobs, qpu_s=self.budget.qpu_s),
            deadline=self.deadline,
            suspend=self.suspend,
            depends_on=self.depends_on,
            max_failed=self.max_failed,
            max_jobs_per_batch=self.max_jobs_per_batch,
        )


def _over(said: _Part, defaults: _Part) -> _Part:
    keys = said.model_fields_set | defaults.model_fields_set
    return said.model_copy(update={name: _either(said, defaults, name) for name in keys})


def _either(said: Strict, defaults: Strict, name: str) -> Any:
    value, default = getattr(said, name), getattr(defaults, name)
    if name not in said.model_fields_set:
        return default
    return _over(value, default) if isinstance(value, Strict) else value

"""How the file wants to be reconciled."""

from typing import Annotated, Literal

from pydantic import Field

from runner import domain
from runner.spec.models import Real, Strict

_DEFAULT = domain.Policy()


class Retry(Strict):
    """How often, after what, and how soon a job is tried again."""

    limit: int = Field(
        default=_DEFAULT.retry.limit,
        ge=0,
        le=100,
        description="How many times a job is tried again.",
        examples=[2],
    )
    on: Annotated[tuple[Literal["ERROR", "CANCELED"], ...], Field(strict=False)] = Field(
        default=("ERROR",), description="Statuses that count as a failure.", examples=[["ERROR"]]
    )
    backoff_s: Real = Field(
        default=_DEFAULT.retry.backoff_s,
        ge=0,
        description="Time between a failure and the next try (in s).",
        examples=[30],
    )


class Budget(Strict):
    """A limit on what the experiment may cost."""

    runs: int | None = Field(
        default=None,
        ge=1,
        description="A plan that would bring the runs above it is refused.",
        examples=[20000],
    )


class Policy(Strict):
    """How the file wants to be reconciled."""

    runs: Literal["top-up", "exact"] = Field(
        default=_DEFAULT.runs.value,
        description="top-up: raised runs buy the difference; exact: one remote job has exactly that number.",
        examples=["top-up"],
    )
    batch: Literal["closed", "open"] = Field(
        default=_DEFAULT.batch.value,
        description="open: keep the device until all jobs are done, then close.",
        examples=["closed"],
    )
    retry: Retry = Field(
        default_factory=Retry, description="Which failed jobs are sent again.", examples=[{"limit": 2}]
    )
    prune: Literal["keep", "cancel"] = Field(
        default=_DEFAULT.prune.value,
        description="Pending jobs that the file no longer asks for.",
        examples=["keep"],
    )
    supersede: Literal["keep", "cancel"] = Field(
        default=_DEFAULT.supersede.value,
        description="Pending batches of an older recipe.",
        examples=["cancel"],
    )
    submission: Literal["claim", "direct"] = Field(
        default=_DEFAULT.submission.value,
        description="claim: an empty batch first, then its jobs; direct: one POST that buys at once.",
        examples=["claim"],
    )
    on_unknown_submission: Literal["hold", "resubmit"] | None = Field(
        default=None,
        description="For direct, after a submission that can't be found again; hold on a QPU, resubmit on an "
        "emulator if left out.",
        examples=["hold"],
    )
    budget: Budget = Field(
        default_factory=Budget, description="A limit on what may be spent.", examples=[{"runs": 20000}]
    )

    def as_desired(self) -> domain.Policy:
        """The same, in the words that everybody uses."""
        unknown = self.on_unknown_submission
        return domain.Policy(
            runs=domain.RunsMode(self.runs),
            batch=domain.BatchMode(self.batch),
            retry=domain.Retry(
                limit=self.retry.limit,
                on=tuple(domain.JobStatus(status) for status in self.retry.on),
                backoff_s=self.retry.backoff_s,
            ),
            prune=domain.Surplus(self.prune),
            supersede=domain.Surplus(self.supersede),
            submission=domain.Submission(self.submission),
            on_unknown_submission=None if unknown is None else domain.OnUnknown(unknown),
            budget_runs=self.budget.runs,
        )

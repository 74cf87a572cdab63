"""What bounds a whole repository, beside the caps on each file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from runner import domain


class BudgetPerDay(BaseModel):
    """What all experiments of the repository together may buy in a day of UTC; without a key, any number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    runs: int | None = Field(None, ge=0, description="Most runs bought in a day.", examples=[20_000])
    jobs: int | None = Field(None, ge=0, description="Most remote jobs bought in a day.", examples=[500])
    qpu_s: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Most time on a QPU bought in a day, estimated (in s).",
        examples=[7200],
    )

    def as_budget(self) -> domain.Budget | None:
        """The same for the reconciler; None where nothing is limited."""
        budget = domain.Budget(runs=self.runs, jobs=self.jobs, qpu_s=self.qpu_s)
        return None if budget == domain.Budget() else budget

"""What a declared experiment answers in Python: how it stands, and what an apply came to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Final, Self

from runner.domain.numerals import counted
from runner.reconcile import End, Plan
from runner.reconcile.display.plan_html import (
    conditions_html,
    jobs_html,
    plan_html,
    remarks_html,
    strategy_html,
)
from runner.reconcile.display.plan_text import cost_text, decision_lines, job_line, note_lines, plan_lines
from runner.results.export.html_repr import results_html

if TYPE_CHECKING:
    from runner.domain import ObservedBatch
    from runner.reconcile import Health, PointProgress, Sync
    from runner.reconcile.plan.conditions import Condition
    from runner.results import Results
    from runner.strategies.standing import StrategyStanding

ENDS: Final = {
    End.SETTLED: "settled: nothing more will come by itself",
    End.SUBMITTED: "submitted: all that was missing is bought",
    End.PATIENCE: "patience ended before all was done; apply again to go on waiting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlan(Plan):
    """A plan, as a prompt and a notebook show it; see `Plan`."""

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The same plan."""
        return cls(**{each.name: getattr(plan, each.name) for each in fields(plan)})

    def __str__(self) -> str:
        return "\n".join(plan_lines(self))

    def __repr__(self) -> str:
        return f"<Plan of {self.experiment}: {self.sync}, {self.health}; {cost_text(self)}>"

    def _repr_html_(self) -> str:
        return plan_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an experiment stands on the cloud.

    Args:
        sync: Whether the cloud holds what the file asks for.

        health: How it is.

        conditions: All claims about it, each with its reason.

        jobs: How far each wanted job has come, in file order.

        batches: Its batches on the cloud.

        strategy: How its strategy stands; None without one.
    """

    sync: Sync
    health: Health
    conditions: tuple[Condition, ...] = field(repr=False)
    jobs: tuple[PointProgress, ...] = field(repr=False)
    batches: tuple[ObservedBatch, ...] = field(repr=False)
    strategy: StrategyStanding | None = field(default=None, repr=False)

    @property
    def concerns(self) -> tuple[Condition, ...]:
        """The conditions that want a look."""
        return tuple(each for each in self.conditions if not each.is_as_wanted)

    def __str__(self) -> str:
        return f"{self.sync}, {self.health}"

    def __repr__(self) -> str:
        return f"<Standing: {self}; {counted(len(self.jobs), 'job')}>"

    def _repr_html_(self) -> str:
        looked_at = conditions_html(self.concerns) if self.concerns else "<p>all as wanted</p>"
        loop = strategy_html(self.strategy) if self.strategy else ""
        return f"<p>{escape(str(self))}</p>{looked_at}{loop}{jobs_html(self.jobs)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply came to.

    Args:
        end: Why it ended: settled, or submitted, or patience.

        plan: The last one.

        results: What is on record since.
    """

    end: End
    plan: ShownPlan = field(repr=False)
    results: Results

    @property
    def is_complete(self) -> bool:
        """Whether all that the file asks for is measured."""
        return self.results.is_complete

    def __str__(self) -> str:
        said = f"{self.plan.experiment}: {ENDS[self.end]}; {job_line(self.plan)}"
        return "\n".join((said, *decision_lines(self.plan), *note_lines(self.plan)))

    def __repr__(self) -> str:
        return f"<Applied {self.plan.experiment}: {self.end}; {job_line(self.plan)}>"

    def _repr_html_(self) -> str:
        said = f"<p><b>{escape(self.plan.experiment)}</b>: {escape(ENDS[self.end])}</p>"
        return f"{said}{remarks_html(self.plan)}{results_html(self.results)}"

"""How a strategy stands, as data: its rounds, the best so far, why it ended, how much is left. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.domain.qpu_time import qpu_seconds
from runner.domain.strategies import OnFailed
from runner.strategies.rounds import Ask, Done, Halted, end_of, round_slots, spread_now
from runner.strategies.stop_rules import score_said
from runner.strategies.winners import best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain.strategies import Strategy, Trial
    from runner.strategies.rounds import Bound, MakeEngine, Undecided

_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotScore:
    """The objective of a slot.

    Args:
        error: One standard error of it; None where it is not known.

        variables: As they were bought.
    """

    slot: int
    value: float
    error: float | None
    variables: Mapping[str, object]

    def __str__(self) -> str:
        return f"{score_said(self.value, self.error)}, slot {self.slot}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedScore:
    """The objective of fresh jobs at a winner, all together.

    Args:
        jobs: How many are measured.

        error: One standard error of the value; None where it is not known.
    """

    slot: int
    jobs: int
    value: float
    error: float | None

    def __str__(self) -> str:
        return f"{score_said(self.value, self.error)}, slot {self.slot}, {counted(self.jobs, 'job')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStanding:
    """One round of a strategy.

    Args:
        round: Its number; 0 are the first points.

        first: Its first slot.

        last: Its last slot.

        measured: Slots with a score.

        failed: Slots that have ended without one.

        best: The best of the round; None without a score.
    """

    round: int
    first: int
    last: int
    measured: int
    failed: int
    best: SlotScore | None

    @property
    def name(self) -> str:
        """What people call it: the first points come before round 1, as in the file."""
        return str(self.round) if self.round else "first"

    @property
    def slots(self) -> str:
        """Its slots: `5-8`."""
        return f"{self.first}-{self.last}" if self.last > self.first else f"{self.first}"

    @property
    def jobs(self) -> int:
        """How many slots it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyLeft:
    """How much is left at most, with the jobs that confirm; None where nothing bounds it.

    In words it says of what something is left.

    Args:
        rounds: The first points are none, and their jobs count.

        qpu_s: Estimated time on a QPU (in s); 0 on an emulator.
    """

    rounds: int | None
    jobs: int | None
    runs: int | None
    qpu_s: float | None

    def __str__(self) -> str:
        numbers = ((self.rounds, "round"), (self.jobs, "job"), (self.runs, "run"))
        said = [counted(number, unit) for number, unit in numbers if number]
        if self.qpu_s:
            said.append(f"{self.qpu_s / _MINUTE_S:.1f} min of QPU time")
        return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyStanding:
    """How a strategy stands.

    Args:
        kind: What proposes its points.

        round: Number of the round that is under way, or was the last one.

        rounds: Those of which something was bought.

        best: The best slot so far.

        best_is_fitted: Whether it is the best by what all scores say together, and another one has a better
            score.

        confirmed: What fresh jobs at the winners came to.

        done: Whether no further round is wanted.

        reason: Why it is done; empty while it is not.

        on_failed: What slots count as that ended without a score: drop, worst or stop.

        halted: Why it buys nothing more before a person has decided, and what to do; empty where it goes on.

        spread: How far the scores are apart that `stop.spread` compares; None without this rule, or scores.

        left: How much is left at most; None where that is not asked.

        earlier: How many points of earlier strategies it began with.

        fault: Why its jobs are not scored here; empty where they are.

        differs: How far the last round that was bought is from what would be proposed here; empty where it
            is the same.
    """

    kind: str
    round: int
    rounds: tuple[RoundStanding, ...] = ()
    best: SlotScore | None = None
    best_is_fitted: bool = False
    confirmed: tuple[ConfirmedScore, ...] = ()
    done: bool = False
    reason: str = ""
    on_failed: str = OnFailed.DROP.value
    halted: str = ""
    spread: float | None = None
    left: StrategyLeft | None = None
    earlier: int = 0
    fault: str = ""
    differs: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """The best so far, what was confirmed, and how much is left, in words."""
        left = "" if self.done or self.halted or self.left is None else str(self.left)
        are = "count" if self.earlier > 1 else "counts"
        known = f"{counted(self.earlier, 'point')} of an earlier strategy {are} as history"
        so_far = self._so_far or ("" if self.halted else self._unknown)
        return (
            *([so_far] if so_far else ()),
            *([self._dropped] if self.best and self._dropped else ()),
            *([known] if self.earlier else ()),
            *(f"confirmed {each}" for each in self.confirmed),
            *([f"at most {left} more"] if left else ()),
        )

    @property
    def where(self) -> str:
        """Where it is, in words: `round 3`, or why it is done."""
        if self.done:
            return f"done: {self.reason}"
        if self.halted:
            return "held"
        return f"round {self.round}" if self.round else "the first points"

    @property
    def brief(self) -> str:
        """Where it is and the best so far, for a line with much else in it."""
        return ", ".join(filter(None, ("done" if self.done else self.where, self._so_far)))

    @property
    def _so_far(self) -> str:
        """The best so far; empty without one."""
        why = ", nearest to the fitted optimum" if self.best_is_fitted else ""
        return f"best so far {self.best}{why}" if self.best else ""

    @property
    def _dropped(self) -> str:
        """What became of slots that have no score; empty where all have one, or one ends it all."""
        count = sum(each.failed for each in self.rounds)
        words = {
            "drop": "was dropped" if count == 1 else "were dropped",
            "worst": f"count{'s' * (count == 1)} as the worst",
        }
        said = words.get(self.on_failed, "") if count else ""
        return f"{counted(count, 'slot')} without a score {said}" if said else ""

    @property
    def _unknown(self) -> str:
        """Why there is no best one."""
        if self.fault:
            return f"not scored: {self.fault}"
        ended = sum(each.failed for each in self.rounds)
        if not ended:
            return "nothing is measured yet"
        have = "has" if ended == 1 else "have"
        return f"{counted(ended, 'job')} {have} ended, and no score is known: failed, or no value"

    def __str__(self) -> str:
        return "; ".join((f"held: {self.halted}" if self.halted else self.where, *self.facts))


def standing(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    slots: Mapping[int, Mapping[str, object]],
    step: Ask | Done | Undecided | Halted | None = None,
    *,
    engine: MakeEngine | None = None,
) -> StrategyStanding:
    """How a strategy stands, by the scores of its slots.

    Args:
        trials: Every slot that has ended.

        slots: Every slot that was bought, with the values that were bought.

        step: What comes next; None where that is not known.

        engine: Makes what proposes, in place of that of the kind.
    """
    pending = slots.keys() - trials.keys()
    end = end_of(strategy, trials, pending, engine=engine) if step is None else step
    reason = end.reason if isinstance(end, Done) else ""
    halted = end.reason if isinstance(end, Halted) else ""
    rounds = rounds_bought(strategy, trials, slots, engine=engine)
    now = _round_now(rounds, strategy.first, is_done=bool(reason or halted), is_pending=bool(pending))
    winners = best(strategy, trials, engine=engine)
    return StrategyStanding(
        kind=strategy.kind,
        round=step.round if isinstance(step, Ask) else now,
        rounds=rounds,
        best=_score(strategy, winners[0], slots) if winners else None,
        best_is_fitted=any((each.loss or 0.0) < (winners[0].loss or 0.0) for each in winners),
        done=bool(reason),
        reason=reason,
        on_failed=strategy.on_failed.value,
        halted=halted,
        spread=spread_now(strategy, trials, engine=engine),
    )


def rounds_bought(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    slots: Mapping[int, Mapping[str, object]],
    *,
    engine: MakeEngine | None = None,
) -> tuple[RoundStanding, ...]:
    """The rounds of which something was bought."""
    return tuple(
        _round(strategy, number, some, trials, slots)
        for number, some in enumerate(round_slots(strategy, trials, engine=engine))
        if any(slot in slots for slot in some)
    )


def left_of(
    strategy: Strategy, known: Bound, device_type: str, fresh: Mapping[int, int] | None = None
) -> StrategyLeft:
    """How much is left at most, whatever the scores.

    Args:
        known: Without jobs that confirm.

        fresh: How many jobs that confirm each winner are bought; None while it may still be another one.
    """
    confirm = strategy.confirm
    if confirm is None:
        return _with_fresh(known, 0, 0, device_type)
    most = confirm.best if known.scores is None else min(confirm.best, known.scores)
    some = [0] * most if fresh is None else list(fresh.values())
    more = sum(max(confirm.repeat - count, 0) for count in some)
    return _with_fresh(known, more, more * confirm.runs, device_type)


def _with_fresh(known: Bound, jobs: int, runs: int, device_type: str) -> StrategyLeft:
    all_runs = None if known.runs is None else known.runs + runs
    return StrategyLeft(
        rounds=known.rounds,
        jobs=None if known.jobs is None else known.jobs + jobs,
        runs=all_runs,
        qpu_s=None if all_runs is None else qpu_seconds(device_type, all_runs),
    )


def _round_now(rounds: Sequence[RoundStanding], first: int, *, is_done: bool, is_pending: bool) -> int:
    """Number of the last round, or of the one after it where that is asked for."""
    if not rounds:
        return int(not first)
    last = rounds[-1]
    is_over = last.measured + last.failed == last.jobs
    return last.round + (is_over and not is_done and not is_pending)


def _round(
    strategy: Strategy,
    number: int,
    some: range,
    trials: Mapping[int, Trial],
    slots: Mapping[int, Mapping[str, object]],
) -> RoundStanding:
    ended = [trials[slot] for slot in some if slot in trials]
    known = [trial for trial in ended if trial.loss is not None]
    first = min(known, key=lambda trial: (trial.loss, trial.slot), default=None)
    return RoundStanding(
        round=number,
        first=some[0],
        last=some[-1],
        measured=len(known),
        failed=len(ended) - len(known),
        best=_score(strategy, first, slots) if first else None,
    )


def _score(strategy: Strategy, trial: Trial, slots: Mapping[int, Mapping[str, object]]) -> SlotScore:
    loss = trial.loss or 0.0
    return SlotScore(
        slot=trial.slot,
        value=(-loss if strategy.is_maximized else loss) + 0.0,
        error=trial.error or None,
        variables=dict(slots.get(trial.slot, {})),
    )

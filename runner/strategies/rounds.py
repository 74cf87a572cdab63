"""The next round of a strategy, from what it is and what came back: no clock, and no generator that is kept.

Slots are numbered from 1, round after round; `first` is round 0. What was bought is replayed, never what
would be proposed for it today: an engine says how many points a round has without proposing them, so that
only the round that is not bought yet is proposed.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from runner.domain.strategies import OnFailed
from runner.errors import RunnerError
from runner.strategies import engines
from runner.strategies.conditions import all_hold, condition
from runner.strategies.kinds import KINDS
from runner.strategies.lack_of_scores import reason_without_scores
from runner.strategies.stop_rules import ScoreSpread, reason_to_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from runner.domain.strategies import Strategy, Trial, Units
    from runner.strategies.engines.base import Round, Search, SearchEngine
    from runner.strategies.kinds import StrategyKind

    MakeEngine = Callable[[Search], SearchEngine]


_SECOND: Final = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """Jobs that are wanted now.

    Args:
        round: Its number; 0 is `first`.

        points: Place of each slot that is not bought yet.
    """

    round: int
    points: Mapping[int, Units]


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more is wanted.

    Args:
        reason: Why, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """What comes next depends on jobs that are under way.

    Args:
        reason: Which, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Something is wanted, and is not to be bought before a person has decided.

    Args:
        reason: Why, and what to do, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """How much is left at most, without jobs that confirm; None where nothing bounds it.

    Args:
        rounds: Those that are not bought whole, `first` not counted.

        jobs: Of these rounds, those that are not bought.

        scores: How many slots may have a score in the end, and be confirmed.
    """

    rounds: int | None
    jobs: int | None
    runs: int | None
    scores: int | None = None


def next_round(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    pending: Collection[int] = (),
    *,
    unrecorded: Collection[int] = (),
    engine: MakeEngine | None = None,
) -> Ask | Done | Undecided | Halted:
    """What is to be done next.

    Args:
        trials: Every slot that has ended; without a loss what failed for good.

        pending: Every slot that is bought and has not ended, or is not on record.

        unrecorded: Those of them that are done.

        engine: Makes what proposes, in place of that of the kind.

    Raises:
        RunnerError: The kind needs a package that is not installed.
    """
    replay = _replayed(strategy, trials, engine)
    reason = _reason(strategy, replay, trials)
    if reason:
        return _ended_so(strategy, replay, trials, Done(reason))
    slots = replay.slots
    missing = [slot for slot in slots if slot not in trials and slot not in pending]
    if not missing:
        return Undecided(_waiting(replay, [slot for slot in slots if slot not in trials], unrecorded))
    if lacking := _without_scores(strategy, replay, trials, is_over=False):
        return Halted(lacking)
    if engine is None:  # before its first points, which need no package, are bought
        _kind(strategy).check_package()
    step = _asked(strategy, replay, missing)
    return _ended_so(strategy, replay, trials, step) if isinstance(step, Done) else step


def _reason(strategy: Strategy, replay: _Replay, trials: Mapping[int, Trial]) -> str:
    """Why no further job is wanted, by the rules of the file; empty while more are."""
    return reason_to_stop(strategy, replay.rounds, trials.values(), _spread(strategy, replay))


def spread_now(
    strategy: Strategy, trials: Mapping[int, Trial], *, engine: MakeEngine | None = None
) -> float | None:
    """How far the scores are apart that `stop.spread` compares; None without it, or without such scores."""
    found = _spread(strategy, _replayed(strategy, trials, engine)) if strategy.stop.spread else None
    return found.value if found else None


def _spread(strategy: Strategy, replay: _Replay) -> ScoreSpread | None:
    """Of the scores of the last round, or of those that the engine compares itself.

    Only from round 2 on: those before it are where the search begins. A single score has no spread.
    """
    if strategy.stop.spread is None or replay.number <= _SECOND:
        return None
    kind, engine = KINDS.get(strategy.kind), replay.engine
    losses = [trial.loss for trial in replay.rounds[-1] if trial.loss is not None]
    of = f"round {replay.number - 1}"
    if kind and kind.compares:
        losses = engine.compared() if isinstance(engine, engines.base.Converging) else []
        of = "the simplex"
    apart = max(losses) - min(losses) if len(losses) > 1 else math.inf
    return ScoreSpread(apart, of) if math.isfinite(apart) else None


def _ended_so(strategy: Strategy, replay: _Replay, trials: Mapping[int, Trial], step: Done) -> Done | Halted:
    """The end of a strategy; one that has come to nothing is a matter for a person."""
    lacking = _without_scores(strategy, replay, trials, is_over=True)
    return Halted(lacking) if lacking else step


def _without_scores(
    strategy: Strategy, replay: _Replay, trials: Mapping[int, Trial], *, is_over: bool
) -> str:
    """Why nothing more is bought where no score is known, also of no earlier strategy."""
    engine = replay.engine
    reason = reason_without_scores(strategy, replay.rounds, trials.values(), is_over=is_over)
    if reason and isinstance(engine, engines.continued.ContinuedEngine) and engine.has_scores:
        return ""
    return reason


def _waiting(replay: _Replay, slots: Sequence[int], unrecorded: Collection[int]) -> str:
    """Which jobs of a round are waited for, for people."""
    n_done = sum(slot in unrecorded for slot in slots)
    counts = ((len(slots) - n_done, "under way"), (n_done, "done and not on record"))
    first, *others = ((n, f"{'is' if n == 1 else 'are'} {what}") for n, what in counts if n)
    said = [f"{first[0]} of {len(replay.slots)} jobs {first[1]}", *(f"{n} {what}" for n, what in others)]
    return f"{replay.name}: {', '.join(said)}"


def proposal(
    strategy: Strategy, trials: Mapping[int, Trial], number: int, *, engine: MakeEngine | None = None
) -> Mapping[int, Units]:
    """What would be proposed today for a round, bought or not.

    It is empty where earlier rounds have not ended, or nothing is proposed any more.

    Args:
        number: Of the round.
    """
    replay = _replayed(strategy, trials, engine, most=number)
    if replay.number != number:
        return {}
    asked = _asked(strategy, replay, list(replay.slots))
    return asked.points if isinstance(asked, Ask) else {}


def round_slots(
    strategy: Strategy, trials: Mapping[int, Trial], *, engine: MakeEngine | None = None
) -> tuple[range, ...]:
    """The slots of each round that has ended, `first` before them, and of the one after it."""
    replay = _replayed(strategy, trials, engine)
    return (
        *(range(one[0].slot, one[-1].slot + 1) if one else range(1, 1) for one in replay.rounds),
        replay.slots,
    )


def end_of(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    pending: Collection[int] = (),
    *,
    engine: MakeEngine | None = None,
) -> Done | Halted | None:
    """Why it buys nothing more; None while it may, and where only a proposal would show it.

    Nothing is proposed for a kind that never ends by itself, or that needs a package that is not installed.
    """
    replay = _replayed(strategy, trials, engine)
    if reason := _reason(strategy, replay, trials):
        return _ended_so(strategy, replay, trials, Done(reason))
    if pending:
        return None
    if lacking := _without_scores(strategy, replay, trials, is_over=False):
        return Halted(lacking)
    if not replay.number or not replay.engine.end:
        return None
    asked: Ask | Done | Halted | None = None
    with suppress(RunnerError):
        asked = _asked(strategy, replay, ())
    if isinstance(asked, Done):
        return _ended_so(strategy, replay, trials, asked)
    return asked if isinstance(asked, Halted) else None


def bound(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    pending: Collection[int] = (),
    *,
    engine: MakeEngine | None = None,
) -> Bound:
    """How much is left at most, whatever the scores."""
    replay = _replayed(strategy, trials, engine)
    most = strategy.stop.rounds
    failed = sum(trial.loss is None for trial in trials.values())
    if _reason(strategy, replay, trials):
        return Bound(0, 0, 0, len(trials) + len(pending) - failed)
    if most is None:
        return Bound(None, None, None)
    missing = sum(slot not in trials and slot not in pending for slot in replay.slots)
    later = most - replay.number
    more = replay.engine.most(later)
    jobs, scores = missing + more, replay.slots.stop - 1 + more - failed
    return Bound(later + bool(missing and replay.number), jobs, jobs * strategy.runs, scores)


def continued(strategy: Strategy, earlier: Sequence[Trial], engine: MakeEngine | None = None) -> MakeEngine:
    """Makes engines that know what earlier strategies measured.

    Args:
        earlier: Trials, with numbers of slots below 1.

        engine: Makes what proposes, in place of that of the kind.
    """
    make = engine or _kind(strategy).search_engine
    return lambda search: engines.continued.ContinuedEngine(make(search), tuple(earlier))


def told_engine(
    strategy: Strategy, trials: Mapping[int, Trial], *, engine: MakeEngine | None = None
) -> SearchEngine:
    """The engine of a strategy's kind, told all rounds that have ended."""
    return _replayed(strategy, trials, engine).engine


@dataclass(frozen=True, slots=True)
class _Replay:
    """Rounds that have ended, and the engine that was told them.

    Args:
        slots: Of the round after them.
    """

    rounds: Sequence[Round]
    search: Search
    engine: SearchEngine
    slots: range

    @property
    def number(self) -> int:
        """Of the round after them."""
        return len(self.rounds)

    @property
    def name(self) -> str:
        """Of the round after them, for people."""
        return f"round {self.number}" if self.number else "the first points"


def _replayed(
    strategy: Strategy, trials: Mapping[int, Trial], make: MakeEngine | None, most: int | None = None
) -> _Replay:
    """All rounds that have ended, or at most so many, told to an engine."""
    search = _search(strategy)
    engine = make(search) if make else _kind(strategy).search_engine(search)
    rounds: list[Round] = []
    begin = 1
    while True:
        slots = range(begin, begin + (engine.size() if rounds else strategy.first))
        is_first = not rounds
        if len(rounds) == most or not (slots or is_first) or any(slot not in trials for slot in slots):
            return _Replay(rounds, search, engine, slots)
        rounds.append(_ended(strategy, slots, trials))
        engine.tell(rounds[-1])
        begin = slots.stop


def _ended(strategy: Strategy, slots: range, trials: Mapping[int, Trial]) -> Round:
    """The trials of some slots, as engines are to see them."""
    ended = tuple(trials[slot] for slot in slots)
    if strategy.on_failed is not OnFailed.WORST or all(trial.loss is not None for trial in ended):
        return ended
    known = [trial for trial in trials.values() if trial.slot < slots.stop and trial.loss is not None]
    worst = max(known, key=lambda trial: (trial.loss, -trial.slot), default=None)
    if worst is None:
        return ended
    return tuple(
        replace(trial, loss=worst.loss, error=worst.error) if trial.loss is None else trial for trial in ended
    )


def _kind(strategy: Strategy) -> StrategyKind:
    if strategy.kind not in KINDS:
        raise RunnerError(f"there is no kind of strategy {strategy.kind}")
    return KINDS[strategy.kind]


def _search(strategy: Strategy) -> Search:
    """What an engine is given of a strategy."""
    kind, space = KINDS.get(strategy.kind), strategy.space
    n = len(space.dimensions)
    here = space.variables((0.5,) * n)
    said = [condition(text, here) for text in strategy.where]
    return engines.base.Search(
        space=space,
        ask=(kind.jobs_of_a_round(strategy.ask, n) if kind else strategy.ask) or 1,
        settings=kind.values(strategy.settings) if kind else {},
        entropy=(int(strategy.digest, 16), strategy.seed),
        allows=lambda units: not said or all_hold(said, space.variables(units)),
        is_maximized=strategy.is_maximized,
    )


def _asked(strategy: Strategy, replay: _Replay, missing: Sequence[int]) -> Ask | Done | Halted:
    """The missing jobs of a round; or that there are none."""
    try:
        points = _points(replay)
    except engines.base.UnkeptError as error:
        return Halted(_unkept(strategy, replay, str(error)))
    if not points:
        return Done(replay.engine.end)
    wanted = {slot: points[slot - replay.slots.start] for slot in missing}
    return Ask(replay.number, wanted)


def _unkept(strategy: Strategy, replay: _Replay, how: str) -> str:
    """That no point of a round keeps the conditions, and what to do, for people."""
    where = " and ".join(strategy.where)
    why, ended = f" ({how})" if how else "", replay.number - 1
    hint = "; widen `where` or `over`"
    if ended > 0:
        hint += (
            ": then it is another strategy, and `reuse: true` lets it begin with what is measured;"
            f" or end it here by `rounds: {ended}` of `stop`"
        )
    return f"{replay.name}: no point was found that keeps {where}{why}{hint}"


def _points(replay: _Replay) -> Sequence[Units]:
    """What is proposed for all slots of a round.

    Raises:
        UnkeptError: No point keeps the conditions.
    """
    if not replay.number:
        first: Sequence[Units] = engines.sobol.sobol_points(replay.search, 0, len(replay.slots))
        return first
    points: Sequence[Units] = replay.engine.propose(replay.search.random(replay.number))
    if not all(map(replay.search.allows, points)):
        raise engines.base.UnkeptError
    if points and len(points) != len(replay.slots):
        raise RunnerError(f"{replay.name} has {len(replay.slots)} jobs, and {len(points)} are proposed")
    return points

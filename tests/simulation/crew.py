"""The runners: real reconcilers, each on a machine of its own, stopped and killed between any two effects."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

from schedules import CALM_S, Crash, Fate
from world import NAMESPACE, experiment

from runner.cloud import Answer, NoAnswerError
from runner.errors import CloudError
from runner.reconcile import Context, End, Journal, Patience, Reconciler, Snapshot, TargetSettings, Watch
from runner.results import Records

_READS_OF_JOURNAL = {"entries", "since", "unclear", "created_at", "close"}
_LISTS = "/api/v1/batches"
_POLL_S = 5.0
_OLDER = 3
# How many passes, and how long (in s), a process may take once nothing goes wrong any more.
_PASSES, _PATIENCE_S = 150, 900.0
# For how long silences count, see the planner.
_SILENCE_S = 601.0


class CrashError(BaseException):
    """The process is gone."""

    def __init__(self, crash):
        super().__init__(crash)
        self.crash = crash


def _without_constants(request):
    """A request as an older version sends it."""
    said = json.loads(request.body) if request.body else None
    if not isinstance(said, dict) or "tags" not in said:
        return request
    tags = [tag for tag in said["tags"] if not tag.startswith("constants:")]
    return replace(request, body=json.dumps(said | {"tags": tags}).encode())


class Gated:
    """A thing of which every method but some is an effect.

    Args:
        target: The thing.

        effect: Called with a function that has the effect.

        reads: Names of methods that change nothing.
    """

    def __init__(self, target, effect, reads):
        self._target, self._effect, self._reads = target, effect, reads

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if name == "history":
            return Gated(found, self._effect, {"of", "runs_bought"})
        if name in self._reads or not callable(found):
            return found
        return lambda *values, **named: self._effect(lambda: found(*values, **named))


class Crewman:
    """One clone with its journal and records, and the processes that run in it one after the other."""

    def __init__(self, world, number, folder):
        self.world, self.number, self._folder = world, number, folder
        self._luck = world.schedule.luck("runner", number)
        events = [event for event in world.schedule.events if getattr(event, "runner", None) == number]
        self._fates = {event.change: event for event in events if isinstance(event, Fate)}
        self._crashes = {event.effect: event for event in events if isinstance(event, Crash)}
        self.changes, self.effects, self.passes = 0, 0, 0
        self.crashes, self.faults, self.effects_by_process = 0, 0, []
        self.sent, self.is_held = [], ""
        # Of a version whose batches and records say nothing of constants of the device.
        self.is_older = (world.schedule.seed + number) % _OLDER == 0
        self.stage = 0
        self._lives, self._alive, self._only_looks = 0, True, False
        self._journal = self._records = None

    def __str__(self):
        return f"runner {self.number}"

    # A life

    def live(self, turn):
        """Processes one after the other until all is done, then a last one that finds nothing to do."""
        self._turn, self._thread = turn, threading.get_ident()
        try:
            self._lose("journal and records")
            self._pause(self._luck.uniform(0, 3))
            while not self.world.is_calm:
                self._process()
                self._pause(self._luck.choice([1.0, 5.0, 15.0]))
            self._bring_to_an_end()
        finally:
            if self._journal is not None:
                self._journal.close()

    def _bring_to_an_end(self):
        self._process()
        if self.is_held:
            self._pause(_SILENCE_S)
            self._process()
        self._meet_the_others()
        conditions = self.world.schedule.conditions
        if conditions.runners > 1 or len(conditions.versions) > 1:
            self._process()  # what the others have left, or the file no longer names
            self._meet_the_others()
        self.world.judge.ended(self)
        self._look()
        self.sent.clear()
        self._process()
        changes = [each for each in self.sent if each[0] != "GET"]
        if changes:
            self.world.judge.accuse(f"{self} has nothing to do and does {changes}")
        self.world.judge.recorded(self, self._records.of_experiment("exp"))

    def _meet_the_others(self):
        """Waits until all runners are as far, and nothing happens by itself any more."""
        self.stage += 1
        while self.world.is_at_work() or any(each.stage < self.stage for each in self.world.crew):
            self._pause(_POLL_S)

    def _process(self):
        """One `apply`, until it ends, fails or dies; the same once more if it died."""
        self._alive, self.is_held = True, ""
        was_calm = self.world.is_calm
        try:
            if self._luck.random() < 0.2:
                self._look()
            outcome = self._apply(_PATIENCE_S if was_calm else 120.0)
        except CrashError as error:
            self.effects_by_process.append(self.effects)
            if error.crash.loses != "nothing":
                self._lose(error.crash.loses)
            self._pause(error.crash.down_s)
            return
        except CloudError as error:
            if was_calm:
                self.world.judge.accuse(f"{self} fails: {error}")
            return
        self.effects_by_process.append(self.effects)
        self.is_held = "; ".join(hold.reason for plan in outcome.plans for hold in plan.holds)
        if was_calm and outcome.end is not End.SETTLED:
            self.world.judge.accuse(f"{self} does not come to an end: {outcome.end}")

    def _apply(self, patience_s):
        self.passes = 0
        reconciler = self._reconciler(Watch(on_plans=self._count_pass))
        return reconciler.run(self._wishes(), Patience(timeout_s=patience_s))

    def _count_pass(self, plans):
        self.passes += 1
        verbs = [f"{type(action).__name__} ({action.reason})" for plan in plans for action in plan.actions]
        if verbs:
            self.world.tell(f"{self} plans {', '.join(verbs)}")
        if self.passes == _PASSES:
            self.world.judge.accuse(f"{self} has made {self.passes} passes, and plans {plans}")
            raise CrashError(Crash(runner=self.number, effect=-1, moment="after"))

    def _look(self):
        """A plan, which must change nothing at all."""
        self._only_looks = True
        try:
            self._reconciler(Watch()).look(self._wishes())
        except CloudError:
            pass
        finally:
            self._only_looks = False

    def _wishes(self):
        return [Snapshot(desired=experiment(self.world.wanted, self.world.schedule.conditions))]

    def _reconciler(self, watch):
        settings = TargetSettings(
            namespace=NAMESPACE, settle_s=self.world.settle_s, claim_ttl_s=20.0, poll_s=_POLL_S
        )
        context = Context(
            client=self.world.cloud.client(self),
            journal=Gated(self._journal, self._effect, _READS_OF_JOURNAL),
            records=Gated(self._records, self._effect, {"of_experiment", "recipes", "manifest"}),
            namespace=NAMESPACE,
            clock=self.world.clock,
            sleep=self._pause,
        )
        return Reconciler(context, settings, watch)

    def _lose(self, what):
        self._lives += 1
        if "journal" in what:
            if self._journal is not None:
                self._journal.close()
            self._journal = Journal(Path(":memory:"), self.world.clock)
        if "records" in what:
            self._records = Records(self._folder / f"{self.number}-{self._lives}")

    # Effects

    def _pause(self, seconds):
        self.world.agenda.wait(self._turn, seconds)

    def _effect(self, do, *, is_change=True):
        """Something happens that lasts; the process may die before or after it."""
        if not self._alive:
            raise CrashError(Crash(runner=self.number, effect=-1, moment="after"))
        if self._only_looks and is_change:
            self.world.judge.accuse(f"{self} looks, and changes something")
        number, self.effects = self.effects, self.effects + 1
        crash = None if self.world.is_calm else self._crashes.get(number)
        if crash and crash.moment == "before":
            self._die(crash)
        result = do()
        if crash:
            self._die(crash)
        return result

    def _die(self, crash):
        self.world.tell(f"{self} dies: {crash}")
        self.crashes += 1
        self._alive = False
        raise CrashError(crash)

    # Requests

    def send(self, request):
        """The port: an answer, or what happens instead."""
        self.sent.append((request.method, request.path))
        request = _without_constants(request) if self.is_older else request
        met = self.world.met(request)
        if met is not None:
            return met
        if request.method != "GET":
            return self._effect(lambda: self._change(request))
        if request.path == _LISTS and threading.get_ident() == self._thread:
            return self._effect(lambda: self._list(request), is_change=False)
        return self.world.cloud.answer(request)

    def _list(self, request):
        answer = self.world.shown(self.world.cloud.answer(request))
        self._dawdle()
        return answer

    def _dawdle(self):
        seconds = self._luck.choice([0.0, 0.0, 0.1, 0.4, 1.0])
        if seconds:
            self._pause(seconds)

    def _change(self, request):
        number, self.changes = self.changes, self.changes + 1
        fate = None if self.world.is_calm else self._fates.get(number)
        self.world.judge.change_asked(request, self._journal.entries("exp"))
        self._dawdle()
        self.faults += fate is not None
        try:
            answer = self._fated(request, fate) if fate else self.world.cloud.answer(request)
        except (NoAnswerError, CrashError) as error:
            self.world.tell(f"{self} {request.method} {request.path}: {error}")
            self.world.judge.left_unclear(request)
            raise
        self.world.tell(f"{self} {request.method} {request.path}: {answer.status}")
        return answer

    def _fated(self, request, fate):
        match fate.kind:
            case "lost before":
                raise NoAnswerError("lost on its way")
            case "503 before":
                return self._trouble(request, 503)
            case "429":
                return self._trouble(request, 429)
            case "late" | "crash late":
                delay_s = min(fate.delay_s, CALM_S - self.world.agenda.now_s)
                self.world.agenda.after(max(delay_s, 0.0), lambda: self.world.cloud.answer(request))
                if fate.kind == "late":
                    raise NoAnswerError("given up")
                self._die(Crash(runner=self.number, effect=-1, moment="after"))
            case "stall":
                self._pause(fate.delay_s)
        answer = self.world.cloud.answer(request)
        match fate.kind:
            case "lost after":
                raise NoAnswerError("the answer was lost")
            case "503 after":
                return self._trouble(request, 503)
            case "slow answer":
                self._pause(fate.delay_s)
        return answer

    def _trouble(self, request, status):
        self.world.judge.left_unclear(request)
        return Answer(status, {}, b"<html>trouble</html>")

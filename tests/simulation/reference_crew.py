"""Clones in the world of the reference: real reconcilers, stopped and killed between any two effects."""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from reference_network import Line, LostError
from reference_schedules import MAX_RUNS, Crash
from reference_world import NAMESPACE, descends, sequence

from runner.cloud import Answer, Client, Endpoints, NoAnswerError, Retrying
from runner.domain import (
    BatchMode,
    Budget,
    DesiredExperiment,
    DesiredJob,
    OnUnknown,
    Policy,
    Retry,
    RunsMode,
    Submission,
    Surplus,
    job_key,
    own_sequence_key,
    recipe_digest,
    repetition_key,
)
from runner.errors import RunnerError
from runner.reconcile import (
    CloudMemory,
    Context,
    End,
    Journal,
    Patience,
    Reconciler,
    Snapshot,
    TargetSettings,
    Watch,
)
from runner.results import Records
from runner.results.records.sites import Site

_URL = "http://127.0.0.1:1"
_POLL_S, _CLAIM_TTL_S = 5.0, 20.0
# How many processes bring everything to an end.
_ROUNDS = 8
# For how long silences count, see the planner.
_SILENCE_S = 601.0
# How the guard says that it has let nothing through.
STOPPED = "a purchase was stopped before it was sent"
_WRITES = frozenset({"intend", "settle", "skip", "add", "add_serialised", "withdraw", "write_manifest"})


def reconciler(crewman, watch):
    """The one place where the product is put together; adapt it here."""
    client = Client(
        endpoints=Endpoints(core=_URL, account=f"{_URL}/account"),
        project_id=crewman.project,
        port=crewman,
        retrying=Retrying(
            budget_s=2.0, clock=crewman.monotonic, sleep=crewman.pause, jitter=lambda bound: bound
        ),
    )
    context = Context(
        client=client,
        journal=Gated(crewman.journal, crewman.effect),
        records=Gated(crewman.records, crewman.effect),
        namespace=NAMESPACE,
        site=Site(target=crewman.project),
        kept_memory=CloudMemory(crewman.monotonic),
        descends_from=crewman.descends_from,
        declared=crewman.declared,
        propose=crewman.propose,
        clock=crewman.clock,
        sleep=crewman.pause,
    )
    settings = TargetSettings(
        namespace=NAMESPACE,
        settle_s=crewman.world.conditions.settle_s,
        claim_ttl_s=_CLAIM_TTL_S,
        poll_s=_POLL_S,
        removed=None if crewman.declared() is None else Surplus(crewman.world.conditions.surplus),
    )
    return Reconciler(context, settings, watch)


def experiment(conditions, index, wishes, recipe):
    """What a version of a file asks for.

    Args:
        wishes: Point, repetition, runs and rerun of each job.
    """
    file = conditions.files[index]
    text = "" if file.kind == "own" else sequence(recipe, file.kind)
    return DesiredExperiment(
        name=f"exp{index}",
        device_type=conditions.device_type,
        sequence=text,
        recipe=_recipe(conditions.device_type, text),
        jobs=tuple(_job(file.kind, *wish) for wish in wishes),
        max_runs=MAX_RUNS,
        qubit_ids=() if file.kind == "own" else ("q0",),
        policy=Policy(
            runs=RunsMode(conditions.runs_mode),
            batch=BatchMode(conditions.batch),
            retry=Retry(limit=conditions.retry_limit, backoff_s=0.0),
            prune=Surplus(conditions.surplus),
            supersede=Surplus(conditions.surplus),
            submission=Submission(conditions.submission),
            on_unknown_submission=OnUnknown(conditions.on_unknown),
            budget=Budget(runs=file.budget_runs, jobs=file.budget_jobs),
            max_jobs_per_batch=conditions.jobs_per_batch,
        ),
    )


@lru_cache(maxsize=64)
def _recipe(device_type, text):
    return recipe_digest(device_type=device_type, sequence=text)


@lru_cache(maxsize=1024)
def _job(kind, t, repetition, runs, rerun):
    own = sequence(0, "own", own=t) if kind == "own" else None
    variables = {"t": t} if kind == "variables" else {}
    point = own_sequence_key(own) if own else job_key(variables)
    return DesiredJob(
        key=repetition_key(point, repetition or 1),
        name=f"t{t}" if repetition is None else f"t{t}#{repetition}",
        runs=runs,
        variables=variables,
        rerun=rerun,
        repetition=repetition,
        point="" if repetition is None else point,
        sequence=own,
        qubit_ids=("q0",) if own else (),
    )


class CrashError(BaseException):
    """The process is gone."""

    def __init__(self, crash):
        super().__init__(crash)
        self.crash = crash


class Gated:
    """A journal, history or records, of which what is written is an effect."""

    def __init__(self, target, effect, writes=_WRITES):
        self._target, self._effect, self._writes = target, effect, writes

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if name == "history":
            return Gated(found, self._effect, frozenset({"begin", "end", "add", "write"}))
        if name not in self._writes:
            return found
        return lambda *values, **named: self._effect(lambda: found(*values, **named))


class InlineExecutor:
    """Does one after the other, in the same thread: so that a history can be repeated."""

    def __init__(self, *_, **__):
        """Takes what a pool of threads takes."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def map(self, function, *iterables):
        """The results, one after the other."""
        return list(map(function, *iterables))

    def submit(self, function, *values, **named):
        """What it gives, or raises."""
        future = Future()
        try:
            future.set_result(function(*values, **named))
        except Exception as error:  # noqa: BLE001  (whoever asks for the result gets it)
            future.set_exception(error)
        return future

    def shutdown(self, **_):
        """Nothing is left to do."""


@contextmanager
def one_thread():
    """Within, the product's pools of threads have one that is the caller's."""
    found = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("runner.") and getattr(module, "ThreadPoolExecutor", None) is ThreadPoolExecutor
    ]
    for module in found:
        module.ThreadPoolExecutor = InlineExecutor
    try:
        yield
    finally:
        for module in found:
            module.ThreadPoolExecutor = ThreadPoolExecutor


class Crewman:
    """One clone with its journal and records, and the processes that run in it one after the other.

    Attributes:
        most_passes: How many passes of a process may do something.

        patience_s: For how long (in s) a process goes on: while things go wrong, and afterwards.
    """

    most_passes, patience_s = 60, (120.0, 900.0)

    def __init__(self, world, number, folder):
        self.world, self.number, self._folder = world, number, folder
        self.project = world.project_of(number)
        self._luck = world.schedule.luck("clone", number)
        events = world.schedule.events
        self._crashes = {e.effect: e for e in events if isinstance(e, Crash) and e.clone == number}
        self.line = Line(world, number, self.pause, self._die_on_the_way)
        self.effects = self.crashes = self.passes = self.stage = self._lives = 0
        self.is_held, self.is_stopped, self.has_changed = (), False, False
        self.looked_at_s, self.began_s, self.has_forgotten = [], 0.0, False
        self._alive, self._only_looks, self._commit = True, False, ""
        self.journal = self.records = None

    def __str__(self):
        return f"clone {self.number}"

    @property
    def faults(self):
        """How many of its requests went wrong."""
        return self.line.faults

    def propose(self, desired, slots):
        """What a strategy asks for; no file has one here."""
        raise NotImplementedError

    def declared(self):
        """The names in all files of the repository; None where nobody asks, as none is removed."""

    def descends_from(self, commit):
        """Whether what it has checked out descends from a commit."""
        return descends(self._commit, commit)

    # Time

    def clock(self):
        """The wall clock of the machine."""
        return self.world.time.now + timedelta(seconds=self.world.off_s[self.number])

    def monotonic(self):
        """Seconds since any moment."""
        return self.world.agenda.now_s

    def pause(self, seconds):
        """Time passes."""
        self.world.agenda.wait(self._turn, seconds)

    # A life

    def live(self, turn):
        """Processes one after the other until all is done, then those that find nothing to do."""
        self._turn = turn
        try:
            self._lose("journal and records")
            self.pause(self.world.conditions.clones[self.number].start_s)
            while not self.world.is_calm:
                self._process()
                self.pause(self._luck.choice([1.0, 5.0, 15.0]))
            self._bring_to_an_end()
        finally:
            if self.journal is not None:
                self.journal.close()

    def _bring_to_an_end(self):
        for turn in range(_ROUNDS):
            self.has_changed = False
            self._process()
            if self.is_held and not turn:
                self.pause(_SILENCE_S)
                self._process()
            self._meet_the_others()
            if not self.world.rounds.get(self.stage):
                break
        else:
            self.world.judge.accuse(f"livelock: {self} still changes something after {_ROUNDS} processes")
        self.world.judge.ended(self, self.is_held)
        try:
            names = [f"exp{index}" for index in range(len(self.world.conditions.files))]
            records = [job for name in names for job in self.records.of_experiment(name)]
        except RunnerError as error:
            self.world.judge.accuse(f"broken records: {self}: {self._said(error)}")
            return
        self.world.judge.recorded(self, records)
        self._tell_records()

    def _tell_records(self):
        """Tells the judge what else the records say."""

    def _meet_the_others(self):
        """Waits until all clones are as far, and nothing happens by itself any more."""
        self.stage += 1
        if self.has_changed:
            self.world.rounds[self.stage] = True
            self.pause(self.world.schedule.nature.most_s)
        since_s = self.world.agenda.now_s
        while self.world.is_at_work() or any(each.stage < self.stage for each in self.world.crew):
            self.pause(_POLL_S)
            if self.world.agenda.now_s > since_s + 20 * self.patience_s[1]:
                self.world.judge.accuse(f"no progress: {self} waits for ever")
                return

    def _process(self):
        """One `apply`, until it ends, fails or dies."""
        self._alive, self.is_held, self.passes = True, (), 0
        was_calm, self.began_s = self.world.is_calm, self.world.agenda.now_s
        if self.project != self.world.project_of(self.number):
            self.project = self.world.project_of(self.number)
            self._lose("records")
        try:
            if self._luck.random() < 0.15:
                self._look()
            watch = Watch(on_plans=self._count_pass)
            outcome = reconciler(self, watch).run(
                self._wishes(), Patience(timeout_s=self.patience_s[was_calm])
            )
        except CrashError as error:
            if error.crash is not None and error.crash.loses != "nothing":
                self._lose(error.crash.loses)
            self.pause(error.crash.down_s if error.crash else 1.0)
            return
        except RunnerError as error:
            self.world.tell(f"{self} fails: {self._said(error)}")
            if was_calm:
                self.world.judge.accuse(f"fails: {self}: {self._said(error)}")
            return
        self.is_held = tuple(f"{plan.experiment}: {h.reason}" for plan in outcome.plans for h in plan.holds)
        if was_calm:
            self.world.judge.held(self, self.is_held)
        if was_calm and outcome.end is not End.SETTLED:
            self.world.judge.accuse(f"livelock: {self} does not come to an end: {outcome.end}")

    def _said(self, error):
        """An error without the folder that is another one each time."""
        return str(error).replace(str(self._folder), "…")

    def _count_pass(self, plans):
        self.looked_at_s.append(self.world.agenda.now_s)
        holds = [hold.reason for plan in plans for hold in plan.holds]
        self.is_stopped = self.is_stopped or any(reason.startswith(STOPPED) for reason in holds)
        verbs = [f"{type(action).__name__} ({action.reason})" for plan in plans for action in plan.actions]
        if not verbs:
            return
        self.passes += any(len(plan.actions) > len(plan.holds) for plan in plans)  # to ask is no act
        self.world.tell(f"{self} plans {', '.join(verbs)}")
        if self.passes == self.most_passes:
            if self.world.is_calm:
                self.world.judge.accuse(f"livelock: {self} has acted in {self.passes} passes: {verbs}")
            raise CrashError(None)

    def _look(self):
        """A plan, which must change nothing at all."""
        self._only_looks = True
        try:
            reconciler(self, Watch()).look(self._wishes())
        except RunnerError:
            pass
        finally:
            self._only_looks = False

    def _wishes(self):
        self._commit = self.world.commit_of(self.number)
        return [self._wish(index, version) for index, version in enumerate(self.world.has[self.number])]

    def _wish(self, index, version):
        world = self.world
        recipe = world.conditions.files[index].versions[version].recipe
        wishes = tuple(world.wishes(index, version))
        return Snapshot(desired=experiment(world.conditions, index, wishes, recipe), commit=self._commit)

    def _lose(self, what):
        self._lives += 1
        if "journal" in what:
            if self.journal is not None:
                self.has_forgotten = True
                self.journal.close()
            self.journal = Journal(Path(":memory:"), self.clock)
        if "records" in what:
            self.records = Records(self._folder / f"{self.number}-{self._lives}")

    # Effects

    def effect(self, do):
        """Something happens that lasts; the process may die before or after it."""
        if not self._alive:
            raise CrashError(None)
        if self._only_looks:
            self.world.judge.accuse(f"{self} looks, and changes something")
        number, self.effects = self.effects, self.effects + 1
        crash = None if self.world.is_calm else self._crashes.get(number)
        if crash and crash.moment == "before":
            self._die(crash)
        result = do()
        if crash:
            self._die(crash)
        return result

    def _die_on_the_way(self):
        self._die(None)

    def _die(self, crash):
        self.world.tell(f"{self} dies: {crash}")
        self.crashes += 1
        self._alive = False
        del self.looked_at_s[-1:]  # what it was about to do for that look was not done
        raise CrashError(crash)

    def send(self, request):
        """The port: an answer, or what happens instead."""
        if request.method == "GET":
            return self._carried(request)
        self.world.judge.change_asked(self, request)
        self.has_changed = True
        if request.path == "/api/v1/batches":
            self.world.about_to_create(self.number, request)
        return self.effect(lambda: self._carried(request))

    def _carried(self, request):
        try:
            answer = Answer(*self.line.carry(request))
        except LostError as error:
            self.world.tell(f"{self} {request.method} {request.path}: {error}")
            raise NoAnswerError(str(error)) from error
        if request.method != "GET":
            self.world.tell(f"{self} {request.method} {request.path}: {answer.status}")
        return answer

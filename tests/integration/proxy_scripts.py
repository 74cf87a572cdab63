"""What happens in a seed: versions of a file, what people do, and which faults there are meanwhile. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

# How far lists may lag, and how long the claim of another machine is respected (in s).
SETTLE_S, LEASE_S = 0.6, 2.0
# Lists of the cloud, and answers from before, are younger than the first of them.
_LAG_S = 0.4
_POINTS_NS = (100, 200, 300)
_AMPLITUDES = (6.28, 3.14)
_RETRIES = 2
_LISTS = ("/api/v1/batches", "/api/v2/jobs")
_LAGGING = {"method": "GET", "path": _LISTS[0]}
_JOBS = {"method": "GET", "path": _LISTS[1]}
_PURCHASE = {"method": "POST", "path": "*/jobs"}
_POST = {"method": "POST", "path": "/api/*"}
_PATCH = {"method": "PATCH", "path": "/api/*"}
_ANY = {"path": "/api/*"}
_RESULT = {"method": "GET", "path": "/results/*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the file: which points, how many runs of each, of which sequence."""

    runs: tuple[tuple[int, int], ...]
    amplitude: float = _AMPLITUDES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A moment at which a command is killed, or stands still for a while.

    Args:
        number: Of its requests, counted from 0.

        changes: Whether only those count that change something.

        moment: `before` the request reaches the cloud, or `after`.

        forward: Whether the request, or its answer, gets through nevertheless.

        still_s: How long it stands still (in s); None for killed.
    """

    number: int
    changes: bool
    moment: str
    forward: bool
    still_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody does.

    Args:
        what: `apply`, `edit`, `lose`, `pause` or `resume`.

        clones: Whose; several apply at the same time.

        version: What a file becomes.

        folders: What is lost.

        stop: What happens to the first of those who apply.
    """

    what: str
    clones: tuple[int, ...] = (0,)
    version: Version | None = None
    folders: tuple[str, ...] = ()
    stop: Stop | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All of it.

    Args:
        firsts: The first version of the file, of each clone.

        policy: Of every version.

        rules: Faults of the proxy.

        most: How many of them there are.

        cloud_rules: Faults of the cloud itself.
    """

    seed: int
    firsts: tuple[Version, ...]
    policy: dict[str, Any] = field(default_factory=dict)
    rules: tuple[dict[str, Any], ...] = ()
    most: int = 0
    cloud_rules: tuple[dict[str, Any], ...] = ()
    steps: tuple[Step, ...] = ()

    def versions(self):
        """Every version that any clone ever has."""
        return [*self.firsts, *(step.version for step in self.steps if step.version)]

    def last(self, clone):
        """The version that a clone has in the end."""
        edits = [step.version for step in self.steps if step.what == "edit" and clone in step.clones]
        return [self.firsts[clone], *edits][-1]

    def allowed(self, amplitude, t_ns):
        """Most runs that may be bought of a point: what the largest version asks for.

        With `runs: exact` what was bought for another number of runs does not count.
        """
        asked = {
            n for each in self.versions() if each.amplitude == amplitude for t, n in each.runs if t == t_ns
        }
        return sum(asked) if self.policy.get("runs") == "exact" else max(asked, default=0)


def script(seed):
    """What a seed draws."""
    rng = Random(f"script {seed}")
    n_clones = rng.choice((1, 1, 2))
    first = _version(rng)
    firsts = tuple(first if n == 0 else _edited(rng, [first]) for n in range(n_clones))
    steps = _steps(rng, firsts)
    # Only a journal knows of what was bought a moment ago: without it, lists must show it within SETTLE_S.
    is_remembered = n_clones == 1 and all(".runner" not in step.folders for step in steps)
    faults = [*_faults(rng, may_be_direct=is_remembered), *(_BLINDING if is_remembered else ())]
    kinds = rng.sample(faults, rng.randint(1, min(5, len(faults))))
    return Script(
        seed=seed,
        firsts=firsts,
        policy=_policy(rng, may_be_direct=is_remembered),
        rules=tuple(kind | {"probability": rng.choice((0.1, 0.25, 0.5))} for kind in kinds),
        most=rng.randint(5, 40),
        cloud_rules=_cloud_rules(rng, may_be_direct=is_remembered),
        steps=steps,
    )


def _version(rng):
    points = rng.sample(_POINTS_NS, rng.randint(1, 2))
    return Version(runs=tuple((t_ns, rng.choice((20, 30))) for t_ns in sorted(points)))


def _edited(rng, history):
    """Another version: more runs, another point, another sequence, or one of before."""
    version, runs = history[-1], dict(history[-1].runs)
    kind = rng.choice(("more", "more", "point", "sequence", "before"))
    if kind == "before":
        return rng.choice(history)
    if kind == "sequence":
        return replace(version, amplitude=next(a for a in _AMPLITUDES if a != version.amplitude))
    t_ns = rng.choice(sorted(runs)) if kind == "more" else rng.choice(_POINTS_NS)
    runs[t_ns] = runs.get(t_ns, 10) + 10
    return replace(version, runs=tuple(sorted(runs.items())))


def _policy(rng, *, may_be_direct):
    """Where a purchase is one request, two runners that race buy twice: no promise is made for that."""
    options = {
        "runs": rng.choice(("top-up", "top-up", "top-up", "exact")),
        "batch": rng.choice(("closed", "closed", "closed", "open")),
        "supersede": rng.choice(("cancel", "cancel", "keep")),
        "prune": rng.choice(("keep", "keep", "cancel")),
        "submission": "direct" if may_be_direct and rng.random() < 0.3 else "claim",
    }
    # A direct submission that nobody knows the end of may be bought again only where a file says so.
    return options | {"on_unknown_submission": "hold", "retry": {"limit": _RETRIES, "backoff_s": 0.5}}


def _steps(rng, firsts):
    history = [[first] for first in firsts]
    steps = []
    for _ in range(rng.randint(2, 4)):
        clone = rng.randrange(len(firsts))
        kind = rng.choice(("edit", "edit", "edit", "lose", "pause", "resume", "nothing"))
        if kind == "edit":
            history[clone].append(_edited(rng, history[clone]))
            steps.append(Step(what="edit", clones=(clone,), version=history[clone][-1]))
        elif kind == "lose":
            folders = rng.choice(((".runner",), ("results",), (".runner", "results")))
            steps.append(Step(what="lose", clones=(clone,), folders=folders))
        elif kind != "nothing":
            steps.append(Step(what=kind))
        both = tuple(range(len(firsts))) if rng.random() < 0.6 else (clone,)
        steps.append(Step(what="apply", clones=both, stop=_stop(rng)))
    return tuple(steps)


def _stop(rng):
    if rng.random() < 0.4:
        return None
    return Stop(
        number=rng.choice((0, 0, 1, 1, 2, 3, 5)),
        changes=rng.random() < 0.7,
        moment=rng.choice(("before", "after")),
        forward=rng.random() < 0.5,
        still_s=rng.choice((None, None, 0.5, LEASE_S + 1.0)),
    )


def _cloud_rules(rng, *, may_be_direct):
    rules = []
    if rng.random() < 0.5:
        rules += [{"effect": "lag", "lag_s": rng.choice((0.2, _LAG_S)), "path": _LISTS[0]}]
    if rng.random() < 0.5:
        rules += [{"effect": "lag", "lag_s": rng.choice((0.3, 1.0, 3.0)), "path": _LISTS[1]}]
    if rng.random() < 0.2:
        rules += [{"effect": "job_error", "times": rng.randint(1, _RETRIES)}]
    if may_be_direct and rng.random() < 0.2:
        rules += [{"effect": "refuse_empty_batch", "times": rng.randint(1, 3)}]
    return tuple(rules)


def _faults(rng, *, may_be_direct):
    """Every kind of fault, with its options; of each of them a few are drawn."""
    # A claim that is answered with one of these means that the cloud takes none.
    refusals = (403, 404, 409, *((400, 422) if may_be_direct else ()))
    unclear, clear = rng.choice((500, 502, 503, 504, 408)), rng.choice(refusals)
    when = rng.choice(("before", "after"))
    return [
        {"fault": "drop", "when": "before"} | _ANY,
        {"fault": "drop", "when": "after"} | _POST,
        {"fault": "drop", "when": "after"} | _PATCH,
        {"fault": "status", "when": "before", "status": unclear} | _ANY,
        {"fault": "status", "when": "after", "status": unclear} | _POST,
        {"fault": "status", "when": "after", "status": unclear} | _PATCH,
        {"fault": "status", "when": "before", "status": clear} | _ANY,
        {"fault": "status", "when": "after", "status": clear} | _POST,
        {"fault": "status", "status": 429, "retry_after_s": rng.choice((None, 0, 1))} | _ANY,
        {"fault": "wait", "when": when, "wait_s": rng.choice((0.1, 0.5, 1.0))} | _ANY,
        {"fault": "late", "status": 504, "wait_s": rng.choice((0.1, 0.5, 1.5))} | _POST,
        {"fault": "twice"} | _PURCHASE,
        {"fault": "twice"} | _ANY,
        {"fault": "cut"} | _ANY,
        {"fault": "stale", "at_most_s": _LAG_S, "method": "GET"} | _ANY,
        {"fault": "stale"} | _JOBS,
        {"fault": "stale", "method": "GET", "path": "/api/v2/batches/*"},
        {"fault": "short", "keep": rng.choice((0, 1))} | _JOBS,
        _change(rng, _JOBS, ("runs", None, -20, "20", 0.5, True), ("variables", None, [], "t"), *_OF_ITEMS),
        _change(
            rng, _LAGGING, ("jobs_count", None, "1", -1), ("jobs_count_per_status", None, [], "1"), *_OF_ITEMS
        ),
        _change(rng, {"method": "*", "path": "/api/v*/batches*"}, ("jobs", None, {}), ("job_ids", None, "x")),
        _change(rng, _RESULT, ("counter", None, {}, [], {"00": "20"}, {"00": 10.5}, {"0": 20}, {"11": 300})),
    ]


# Of a list of batches or jobs.
_OF_ITEMS = (("status", None, 7, "NEW"), ("", None, {}, "x"), ("created_at", None, 7), ("id", None))
# What is bought cannot be seen for longer than lists are said to lag.
_BLINDING = (
    {"fault": "stale"} | _LAGGING,
    {"fault": "short"} | _LAGGING,
    {"fault": "change", "field": "jobs_count", "value": 0} | _LAGGING,
    {"fault": "change", "field": "tags", "value": None} | _LAGGING,
)


def _change(rng, where, *fields):
    name, *values = rng.choice(fields)
    return {"fault": "change", "field": name, "value": rng.choice(values)} | where

"""What the reference leaves open about Pasqal's cloud, answered in one way for each schedule.

A `Nature` is a value; `nature(rng)` draws one. Nothing here knows the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# What may lag behind the truth, each by itself.
VIEWS = ("batches", "jobs", "counts", "statuses", "tags", "single", "results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How a view lags behind the truth.

    Args:
        most_s: How far at most (in s).

        kind: `monotone` never goes back; of `replicas` each request meets another one; of `objects` each is
            late by a time of its own.
    """

    most_s: float
    kind: str = "monotone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """One possible cloud.

    Args:
        lags: How views lag; those that are not named show the truth.

        is_missing_single: Whether what a lagging single view does not know yet is a 404; else it is shown.

        repeat: What closing, or cancelling, once more is: `fine` or `refused`.

        equal_add: Whether the same jobs added twice within a second are taken: `taken` or `refused`.

        takes_empty: Whether a batch may be made without jobs.

        takes_part: Whether of jobs that are refused together the first half may be taken all the same.

        refusing: Share of the purchases that are refused, for want of credits, before the calm.

        has_status_counts: Whether lists say `jobs_count_per_status`.

        zone: What stands behind a timestamp.

        idle_patience_s: After what time an open batch with nothing to run is TIMED_OUT (in s).

        purge: What is forgotten of what ended: `nothing`, `jobs` or `batches`; `purge_s` after its end.

        canceling_s: How long what is cancelled is CANCELING first (in s).

        stays_open: Whether a batch that was cancelled or timed out still says that it is open.

        dates: What `start_date` filters: `creation`, `execution` or `nothing`.

        order: How jobs are listed unless an order is asked for: `creation`, `newest` or `any`.

        no_variables: What a job without variables says: None or an empty object.

        forgets_runs: Whether ended jobs have null runs.

        strange: A status that nobody has heard of, between PENDING and RUNNING; empty for none.

        is_error_batch: Whether a batch of which a job failed ends as ERROR.

        codes: Whether the envelope's code is a number in a text.

        has_extras: Whether there are fields that are documented nowhere.

        is_one_by_one: Whether a device runs one batch at a time, job by job, as a QPU does.

        failing: Share of the jobs that end in ERROR.

        dead_links: Share of the finished jobs whose result answers 404 until the calm.

        wrong_results: Share of the finished jobs whose result cannot be right, until the calm.

        queue_s: How long jobs wait before they start; None for various times (in s).

        hiding: Share of the jobs that no list of jobs ever shows, although they count.

        says_shared: Whether the answer for one job says the batch's sequence where it has none of its own.
    """

    lags: dict[str, Lag] = field(default_factory=dict)
    is_missing_single: bool = False
    repeat: str = "fine"
    equal_add: str = "taken"
    takes_empty: bool = True
    takes_part: bool = False
    refusing: float = 0.0
    has_status_counts: bool = True
    zone: str = "+00:00"
    idle_patience_s: float = 300.0
    purge: str = "nothing"
    purge_s: float = 90.0
    canceling_s: float = 0.0
    stays_open: bool = False
    dates: str = "nothing"
    order: str = "creation"
    no_variables: dict | None = None
    forgets_runs: bool = False
    strange: str = ""
    is_error_batch: bool = False
    codes: str = "number"
    has_extras: bool = False
    is_one_by_one: bool = False
    failing: float = 0.0
    dead_links: float = 0.0
    wrong_results: float = 0.0
    queue_s: float | None = None
    hiding: float = 0.0
    says_shared: bool = False

    @property
    def most_s(self):
        """How far any view lags at most (in s)."""
        return max((lag.most_s for lag in self.lags.values()), default=0.0)


def nature(rng, longest_s, *, may_purge=False):
    """A nature at random.

    Args:
        longest_s: How far views may lag at most (in s).

        may_purge: Whether anything may be forgotten.
    """
    drawn = Nature(
        lags=_lags(rng, longest_s),
        is_missing_single=rng.random() < 0.3,
        repeat=rng.choice(["fine", "refused"]),
        equal_add=rng.choice(["taken", "taken", "refused"]),
        takes_empty=rng.random() < 0.9,
        takes_part=rng.random() < 0.3,
        refusing=rng.choice([0.0, 0.0, 0.0, 0.2]),
        has_status_counts=rng.random() < 0.7,
        zone=rng.choice(["+00:00", "Z", "", "+02:00"]),
        idle_patience_s=rng.choice([300.0, 300.0, 60.0, 8.0]),
        purge=rng.choice(["nothing", "jobs", "batches"]) if may_purge else "nothing",
        canceling_s=rng.choice([0.0, 0.0, 3.0]),
        stays_open=rng.random() < 0.3,
        dates=rng.choice(["creation", "execution", "nothing"]),
        order=rng.choice(["creation", "newest", "any"]),
        no_variables=rng.choice([None, {}]),
        forgets_runs=rng.random() < 0.1,
        strange=rng.choice(["", "", "", "PREPARING"]),
        is_error_batch=rng.random() < 0.3,
        codes=rng.choice(["number", "text"]),
        has_extras=rng.random() < 0.3,
        is_one_by_one=rng.random() < 0.3,
        failing=rng.choice([0.0, 0.0, 0.2, 0.4]),
        dead_links=rng.choice([0.0, 0.0, 0.3]),
        wrong_results=rng.choice([0.0, 0.0, 0.0, 0.3]),
        queue_s=rng.choice([None, None, 0.5, 30.0]),
        says_shared=rng.random() < 0.2,
    )
    # Of a result that lies about a job whose runs are forgotten, nothing tells that it does.
    return replace(drawn, wrong_results=0.0) if drawn.forgets_runs else drawn


def _lags(rng, longest_s):
    """No view lags in one of three clouds; else some do, or all."""
    if not longest_s or rng.random() < 1 / 3:
        return {}
    views = VIEWS if rng.random() < 0.3 else rng.sample(VIEWS, rng.choice([1, 1, 2, 3]))
    kinds = ("monotone", "replicas", "objects")
    spans = (longest_s, longest_s, longest_s / 2)
    return {view: Lag(most_s=rng.choice(spans), kind=rng.choice(kinds)) for view in views}

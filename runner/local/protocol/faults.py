"""Faults on demand: rules about requests and jobs, and the decision which of them apply.

The rules are values, and so is what was counted of them; nothing here happens to anybody. What is decided is
carried out in `runner.local.server`: by `local_cloud` (answers) and `asgi` (waiting, lost connections).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from runner.local.protocol.messages import INTEGRAL, Answer
from runner.local.protocol.serializers import failure

LONGEST_DELAY_S = 600.0
# A year.
LONGEST_LAG_S = 365 * 86400.0
DROPPED = Answer(status=0, is_dropped=True)
_HTML = b"<html><body><h1>The service is not available</h1></body></html>"
# Who serves, and who misbehaves on demand, is told from outside of what can fail.
_SPARED = ("/health", "/control/")

When = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How a request is treated.

    Args:
        delay_before_s: How long it waits before it is carried out (in s).

        delay_after_s: How long its answer waits (in s).

        instead: The answer of a request that is not carried out at all.

        afterwards: What is answered in place of the truth, when everything has been committed.

        lag_s: How old a thing has to be to be listed (in s).

        refuses_empty: Whether a batch without jobs is refused, although it is open.
    """

    delay_before_s: float = 0.0
    delay_after_s: float = 0.0
    instead: Answer | None = None
    afterwards: Answer | None = None
    lag_s: float = 0.0
    refuses_empty: bool = False


WELL = Treatment()


class _Rule(BaseModel):
    """When a fault happens: `times` times to what it is about, after `skip`, with a probability."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    skip: Annotated[int, Field(ge=0), INTEGRAL] = 0
    times: Annotated[int, Field(ge=1), INTEGRAL] | None = None
    probability: float = Field(default=1.0, ge=0.0, le=1.0)
    seed: Annotated[int, INTEGRAL] = 0


class _RequestRule(_Rule):
    method: str = "*"
    path: str = "/api/*"

    def concerns(self, method: str, path: str) -> bool:
        """Whether the rule is about such a request."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def applied(self, treatment: Treatment) -> Treatment:
        """The treatment with this fault; of several endings that of the first rule."""
        raise NotImplementedError

    def _ended(self, treatment: Treatment, when: When, ending: Answer) -> Treatment:
        if treatment.instead is not None or treatment.afterwards is not None:
            return treatment
        if when == "before":
            return replace(treatment, instead=ending)
        return replace(treatment, afterwards=ending)


class ErrorFault(_RequestRule):
    """An answer with an error status, before or after the request was carried out."""

    effect: Literal["error"]
    when: When = "before"
    status: Annotated[int, Field(ge=400, le=599), INTEGRAL] = 503
    html: bool = False

    def applied(self, treatment: Treatment) -> Treatment:
        """It says nothing true of what happened."""
        plain = failure(self.status, "A fault on demand.")
        page = Answer(status=self.status, headers=(("content-type", "text/html"),), body=_HTML)
        return self._ended(treatment, self.when, page if self.html else plain)


class DropFault(_RequestRule):
    """A connection that is closed without an answer, before or after the request was carried out."""

    effect: Literal["drop"]
    when: When = "before"

    def applied(self, treatment: Treatment) -> Treatment:
        """Nobody is told anything."""
        return self._ended(treatment, self.when, DROPPED)


class DelayFault(_RequestRule):
    """A wait, before or after the request is carried out."""

    effect: Literal["delay"]
    when: When = "after"
    delay_s: float = Field(gt=0.0, le=LONGEST_DELAY_S)

    def applied(self, treatment: Treatment) -> Treatment:
        """Delays of several rules add up."""
        if self.when == "before":
            return replace(treatment, delay_before_s=treatment.delay_before_s + self.delay_s)
        return replace(treatment, delay_after_s=treatment.delay_after_s + self.delay_s)


class TooManyFault(_RequestRule):
    """429, with or without the time after which to try again; nothing is carried out."""

    effect: Literal["too_many_requests"]
    retry_after_s: Annotated[int, Field(ge=0), INTEGRAL] | None = 1

    def applied(self, treatment: Treatment) -> Treatment:
        """`retry_after_s` is the header Retry-After."""
        headers = () if self.retry_after_s is None else (("retry-after", str(self.retry_after_s)),)
        return self._ended(treatment, "before", failure(429, "Too many requests.", None, *headers))


class DeadLinkFault(_RequestRule):
    """A result link that leads nowhere."""

    effect: Literal["dead_link"]
    path: str = "/results/*"

    def applied(self, treatment: Treatment) -> Treatment:
        """As a link that has expired."""
        return self._ended(treatment, "before", failure(404, "There is no such result."))


class LagFault(_RequestRule):
    """Lists that do not have what was created lately."""

    effect: Literal["lag"]
    method: str = "GET"
    lag_s: float = Field(gt=0.0, le=LONGEST_LAG_S)

    def applied(self, treatment: Treatment) -> Treatment:
        """Batches and jobs that are younger than this are not listed; single ones are found."""
        return replace(treatment, lag_s=max(treatment.lag_s, self.lag_s))


class EmptyBatchFault(_RequestRule):
    """A refusal of open batches without jobs."""

    effect: Literal["refuse_empty_batch"]
    method: str = "POST"
    path: str = "/api/v1/batches"

    def applied(self, treatment: Treatment) -> Treatment:
        """A batch with jobs is accepted."""
        return replace(treatment, refuses_empty=True)


class JobFault(_Rule):
    """A job that ends in ERROR as soon as it is started."""

    effect: Literal["job_error"]
    message: str = "A fault on demand."


RequestRule = ErrorFault | DropFault | DelayFault | TooManyFault | DeadLinkFault | LagFault | EmptyBatchFault
Rule = Annotated[RequestRule | JobFault, Field(discriminator="effect")]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of one rule.

    Args:
        seen: Requests or jobs that it is about.

        fired: Those that it was applied to.
    """

    seen: int = 0
    fired: int = 0


def treated(
    rules: tuple[Rule, ...], tallies: tuple[Tally, ...], method: str, path: str
) -> tuple[Treatment, tuple[Tally, ...]]:
    """How a request is treated, and what has been counted after it."""
    treatment, after = WELL, []
    is_spared = path.startswith(_SPARED)
    for rule, tally in zip(rules, tallies, strict=True):
        if is_spared or isinstance(rule, JobFault) or not rule.concerns(method, path):
            after.append(tally)
            continue
        if _fires(rule, tally):
            treatment = rule.applied(treatment)
        after.append(_counted(rule, tally))
    return treatment, tuple(after)


def job_error(rules: tuple[Rule, ...], tallies: tuple[Tally, ...]) -> tuple[str | None, tuple[Tally, ...]]:
    """Why the job that starts now ends in ERROR, None if it does not; and what has been counted after it."""
    concerned = [isinstance(rule, JobFault) for rule in rules]
    message = next(
        (
            rule.message
            for rule, tally in zip(rules, tallies, strict=True)
            if isinstance(rule, JobFault) and _fires(rule, tally)
        ),
        None,
    )
    after = (
        _counted(rule, tally) if is_mine else tally
        for rule, tally, is_mine in zip(rules, tallies, concerned, strict=True)
    )
    return message, tuple(after)


def _fires(rule: _Rule, tally: Tally) -> bool:
    if tally.seen < rule.skip or (rule.times is not None and tally.fired >= rule.times):
        return False
    return _draw(rule.seed, tally.seen) < rule.probability


def _counted(rule: _Rule, tally: Tally) -> Tally:
    return Tally(tally.seen + 1, tally.fired + _fires(rule, tally))


def _draw(seed: int, n: int) -> float:
    """The n-th of a seed's numbers in [0, 1): the same ones wherever and whenever they are drawn."""
    digest = hashlib.sha256(f"{seed}:{n}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56

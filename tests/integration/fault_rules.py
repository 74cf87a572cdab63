"""Faults of a proxy, as values: which request meets which one, and what it makes of an answer. Pure.

Neither this module nor `fault_proxy` imports anything of the product: they know HTTP and JSON.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

PAGE = b"<html><body><h1>502 Bad Gateway</h1><p>The server is on its way.</p></body></html>"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_LINK = re.compile(r"(?<=/results/)[^/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault, and which requests meet it.

    Args:
        fault: `drop` (no answer), `status` (an error page), `wait`, `late` (an error page at once, and the
            request reaches the server later), `twice` (the server gets the request twice), `cut` (a reset in
            the middle of the answer), `stale` (an earlier answer), `short` (a list without its last items),
            `change` (a field of another value).

        method: Pattern of the method.

        path: Pattern of the path, without the query.

        when: `before` or `after` the request reaches the server.

        probability: Of those that it is about, how many meet it.

        skip: How many pass before it begins.

        times: How often it happens; None for always.

        status: Of an error page.

        retry_after_s: Header of an error page (in s); None for no such header.

        wait_s: How long `wait` and `late` take (in s).

        at_most_s: How old an earlier answer may be (in s).

        keep: How many items of a list are left.

        field: What `change` changes where it is there: of each item of a list, else of `data` and of the
            answer around it. Empty for `data` itself.

        value: What it is then.
    """

    fault: str
    method: str = "*"
    path: str = "*"
    when: str = "before"
    probability: float = 1.0
    skip: int = 0
    times: int | None = None
    status: int = 502
    retry_after_s: int | None = None
    wait_s: float = 0.0
    at_most_s: float = float("inf")
    keep: int = 0
    field: str = ""
    value: Any = None

    def concerns(self, method, path):
        """Whether the rule is about such a request."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


class Draws:
    """Which fault each request meets: the same ones for the same requests in the same order.

    Args:
        rules: Of several that happen, the first counts.

        most: How many faults there are in all; None for no limit.
    """

    def __init__(self, rules=(), *, seed=0, most=None):
        self._rules, self._seed, self._left = tuple(rules), seed, most
        self._seen, self._fired, self._shapes = Counter(), Counter(), Counter()

    def next(self, method, path):
        """The rule that the next request meets; None for none."""
        if self._left is not None and self._left <= 0:
            return None
        shape = f"{method} {shape_of(path)}"
        self._shapes[shape] += 1
        happening = [n for n, rule in enumerate(self._rules) if self._happens(n, rule, method, path, shape)]
        if not happening:
            return None
        self._fired[happening[0]] += 1
        if self._left is not None:
            self._left -= 1
        return self._rules[happening[0]]

    def _happens(self, number, rule, method, path, shape):
        if not rule.concerns(method, path):
            return False
        self._seen[number] += 1
        if self._seen[number] <= rule.skip or (rule.times is not None and self._fired[number] >= rule.times):
            return False
        draw = Random(f"{self._seed} {shape} {self._shapes[shape]} {number}").random()
        return draw < rule.probability


def shape_of(path):
    """A path without what is new in every run: its ids."""
    return _LINK.sub("*", _ID.sub("*", path))


def changed(rule, body):
    """The body of an answer as `short` and `change` make it; what is no JSON object stays as it is."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    if not isinstance(answer, dict):
        return body
    if rule.fault == "short":
        _shorten(answer, rule.keep)
    else:
        _change(answer, rule.field, rule.value)
    return json.dumps(answer).encode()


def _shorten(answer, keep):
    if not isinstance(answer.get("data"), list):
        return
    answer["data"] = answer["data"][:keep]
    if isinstance(answer.get("pagination"), dict):
        answer["pagination"] |= {"total": len(answer["data"]), "end": len(answer["data"])}


def _change(answer, field, value):
    data = answer.get("data")
    if not field:
        answer["data"] = value
    for item in data if isinstance(data, list) else (data, answer):
        if isinstance(item, dict) and field in item:
            item[field] = value


def bought_by(method, path, body, encoding):
    """Runs and variables of the jobs that a request buys; none for one that buys nothing."""
    if method != "POST" or not path.endswith(("/batches", "/jobs")):
        return []
    text = gzip.decompress(body) if encoding == "gzip" else body
    said = json.loads(text or b"null")
    jobs = said.get("jobs") if isinstance(said, dict) else said
    return [[job.get("runs"), job.get("variables")] for job in jobs or ()]

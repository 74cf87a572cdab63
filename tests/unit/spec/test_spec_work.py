"""How much work a large file is: counted in calls, so that no machine is too slow for it."""

from __future__ import annotations

import sys
from contextlib import suppress

import commands
import pytest

from runner.errors import SpecError
from runner.spec import parse
from runner.spec.format import formatter
from runner.spec.format.formatter import formatted
from runner.spec.validate.schema import guide_at

HEAD = commands.EXPERIMENT.rpartition("    - runs")[0]
ONE = "    - runs: 50\n      variables: {t_ns: 100}\n"


def rows(n, text):
    """A text for each number from 100 on, with the number in the place of a hash."""
    return "".join(text.replace("#", str(100 + i)) for i in range(n))


FILES = {
    "jobs in braces": lambda n: HEAD + rows(n, "    - {runs: 50, variables: {t_ns: #}}\n"),
    "jobs in lines": lambda n: HEAD + rows(n, "    - variables: {t_ns: #}\n      runs: 5\n"),
    "jobs on one line": lambda n: f"{HEAD.rstrip()} [{rows(n, '{runs: 5, variables: {t_ns: #}}, ')}]\n",
    "comments": lambda n: HEAD + ONE + n * "    # why\n\n",
    "lines of a text": lambda n: HEAD + ONE + "      name: |\n" + n * "        so\n",
    "faulty lines": lambda n: HEAD + n * "    - x: 1\n",
    "keys": lambda n: HEAD + ONE + rows(n, "k#: 1\n"),
    "variables": lambda n: f"{HEAD}    - runs: 5\n      variables: {{{rows(n, 'v#: 1, ')}}}\n",
}
READ = {
    "read": lambda text: parse(text, path="x.yaml"),
    "put into form": lambda text: formatted(text, path="x.yaml"),
}


def calls(work, text):
    """How many calls of functions a work takes, of Python and of C."""
    count = 0

    def seen(_, event, __):
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        with suppress(SpecError):
            work(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("work", READ.values(), ids=READ)
@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_twice_the_lines_are_at_most_twice_the_work(work, file):
    """Whatever stands in them; of many problems only the first are told."""
    calls(work, file(10))  # what is prepared once
    less, more = calls(work, file(400)), calls(work, file(800))

    assert more < 2.1 * less


class UncountedKeys(dict):
    """A mapping that is asked for keys, and never walked through."""

    def __iter__(self):
        """Fails: there may be hundreds of thousands."""
        raise AssertionError


def test_what_may_stand_at_a_place_is_told_without_a_walk_through_what_stands_there():
    """It is asked for each of the problems with its keys."""
    known = guide_at(UncountedKeys(kind="Experiment"), "").keys

    assert ["apiVersion", "kind", "metadata", "spec"] == sorted(known)


@pytest.mark.parametrize("name", ["faulty lines", "keys", "variables"])
def test_of_very_many_problems_the_first_are_told(name):
    """The output has a bound."""
    with pytest.raises(SpecError) as caught:
        parse(FILES[name](2000), path="x.yaml")

    assert len(caught.value.problems) <= 101


def told(asked, name, work):
    """A work that says each time that it is asked for."""

    def asking(*words, **more):
        asked.append(name)
        return work(*words, **more)

    return asking


def test_a_text_in_form_is_laid_out_once_and_read_once(monkeypatch):
    """As most are."""
    asked = []
    for name in ("document", "_laid_out"):
        monkeypatch.setattr(formatter, name, told(asked, name, getattr(formatter, name)))
    text = FILES["jobs in braces"](3)

    assert (text, ["document", "_laid_out"]) == (formatted(text, path="x.yaml"), asked)

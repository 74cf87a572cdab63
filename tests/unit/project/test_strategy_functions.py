"""Functions in Python of strategies: asked in a process, where that is allowed, and kept."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import pytest
from builders import a_result
from loops import loop_file

from runner.domain.digests import text_digest
from runner.domain.strategies import NamedFunction
from runner.errors import RunnerError
from runner.project.cache.kept_answers import KeptAnswers
from runner.project.config.settings import Settings
from runner.project.strategies.functions import StrategyFunctions, coin_flips
from runner.sequences import compiled
from runner.spec import parse

CODE = """\
import os, sys
import numpy as np

def share(counts, variables):
    assert not [name for name in os.environ if name.startswith("PASQAL_")]
    return np.float64(counts.get("11", 0) / sum(counts.values()) + 0.25 * variables["t_ns"])

def sure(counts):
    return {"11": 1}[max(counts)]

def half(counts):
    return None if "00" in counts else 0.5

def unlike(counts):
    return float("nan")

def points(history, ask, seed):
    print("thinking")
    return [{"t_ns": np.int64(seed)}] * ask

def odd(history, ask, seed):
    return {1: 2}
"""
FAULTY = """\
import helper

def share(counts, variables):
    return 1
"""
READING = """\
def share(counts, variables):
    return len(open("helper.py").read())
"""
LOOP = loop_file(
    """\
kind: sobol
over: {t_ns: {int: [100, 200]}}
runs: 100
objective: {maximize: s, let: {s: {python: "score.py:share"}}}
stop: {rounds: 2}
""",
    atoms="{q0: [0, 0], q1: [0, 6]}",
    variables="{t_ns: int}",
    pulse="amplitude: 1, detuning: 0, duration_ns: t_ns",
)


class Lab:
    """A repository with functions."""

    def __init__(self, root):
        self.root = root
        self.write(CODE)

    def write(self, code):
        """Another text of the file."""
        (self.root / "score.py").write_text(code, encoding="utf-8")
        self.digest = text_digest(code)

    def named(self, function):
        """A function of the file as it is."""
        return NamedFunction(f"score.py:{function}", self.digest)

    def functions(self, **settings):
        """What asks them."""
        kept = KeptAnswers(self.root / ".runner" / "answers")
        said = {"allow_python": True, "python_timeout_s": 60.0, **settings}
        return StrategyFunctions(root=self.root, settings=Settings(**said), kept=kept)

    def desired(self, function="share"):
        """An experiment whose strategy is scored by a function."""
        text = LOOP.replace("score.py:share", f"score.py:{function}")
        return compiled(parse(text, path="loop.yaml", companion=lambda _: CODE)).experiment


@pytest.fixture
def lab(tmp_path):
    """A repository."""
    return Lab(tmp_path)


def a_job(counts, key="a"):
    """A job that was measured."""
    return replace(a_result(counts, qubit_ids=("q0", "q1")), key=key, variables={"t_ns": 2})


JOBS = [a_job({"11": 30, "00": 10}), a_job({"11": 8}, "b"), a_job(None, "c")]


def test_counts_are_scored_in_a_process_and_no_second_time(lab, monkeypatch):
    """Each job with runs that are drawn again; what was given is there without permission afterwards."""
    monkeypatch.setenv("PASQAL_TOKEN", "hush")
    strategy = lab.desired().strategy
    found = lab.functions().answered(strategy, JOBS)
    assert (None, {("score.py:share", "a"), ("score.py:share", "b")}) == (found.fault, found.answers.keys())
    first, second = found.answers.values()
    assert (0.75 + 0.5, 201) == (first[0], len(first))
    assert 0.05 < math.sqrt(sum((each - 1.25) ** 2 for each in first[1:]) / 200) < 0.1
    assert {1.5} == {*second[:201]}
    assert 4 == len(second[201:])
    assert found == lab.functions(allow_python=False).answered(strategy, JOBS)
    other = lab.functions(allow_python=False).answered(strategy, [*JOBS, a_job({"01": 8}, "d")])
    assert (found.answers, "score.py is Python code, and running it is not allowed") == (
        other.answers,
        other.fault.message,
    )


def test_a_function_need_not_know_what_was_not_measured(lab):
    """Where all runs agree, others are tried, and may fail; a number that is none is no score."""
    found = lab.functions().answered(lab.desired("sure").strategy, JOBS[1:])
    answers = found.answers["score.py:sure", "b"]
    assert (1.0, [1.0]) == (answers[0], [each for each in answers[201:] if not math.isnan(each)][:1])
    found = lab.functions().answered(lab.desired("unlike").strategy, JOBS[:1])
    assert math.isnan(found.answers["score.py:unlike", "a"][0])


@pytest.mark.parametrize(
    ("function", "message", "hint"),
    [
        ("half", "half gave nothing, not a number (score.py:11)", "end it with return and a number; mend it"),
        ("points", "points(history, ask, seed) takes other arguments (score.py:17)", "points(counts, var"),
        ("sure", "sure raised KeyError: '10' (score.py:9)", 'the line is: return {"11": 1}[max(counts)]'),
    ],
)
def test_what_a_function_does_wrong_is_told_with_file_and_line(lab, function, message, hint):
    """Scores of other jobs stay."""
    found = lab.functions().answered(lab.desired(function).strategy, [a_job({"00": 5, "10": 3})])
    assert ({}, message) == (found.answers, found.fault.message)
    assert hint in found.fault.hint


def test_points_are_asked_once(lab):
    """Arguments are given by name, and numbers of NumPy are numbers."""
    words = {"history": [], "ask": 2, "seed": 7}
    given = lab.functions().returned(lab.named("points"), words)
    assert ([{"t_ns": 7}] * 2, "score.py:17") == given
    assert given.value == lab.functions(allow_python=False).returned(lab.named("points"), words).value
    assert {"": "dict"} == lab.functions().returned(lab.named("odd"), words).value
    with pytest.raises(RunnerError, match="running it is not allowed"):
        lab.functions(allow_python=False).returned(lab.named("points"), words | {"seed": 8})


def test_only_the_text_that_the_strategy_was_read_with_is_run(lab):
    """Nor anything else of the repository: it is no part of the strategy."""
    before = lab.named("share")
    lab.write(FAULTY)
    (lab.root / "helper.py").write_text("")
    with pytest.raises(RunnerError, match=r"score.py has changed since the experiment was read"):
        lab.functions().returned(before, {})
    for code, hint in ((FAULTY, "it, or install it as a package; mend"), (READING, "it needs of it; mend")):
        lab.write(code)
        with pytest.raises(RunnerError, match=r"share uses helper.py, and of the repository only") as caught:
            lab.functions().returned(lab.named("share"), {"counts": {}, "variables": {}})
        assert hint in caught.value.hint


def test_a_function_that_is_too_slow_or_ends_its_process_is_told_of(lab):
    """With its file."""
    lab.write("import time, os\ndef slow(): time.sleep(600)\ndef ends(): os._exit(3)\n")
    with pytest.raises(RunnerError, match=r"slow of score.py took longer than 0.5 s") as caught:
        lab.functions(python_timeout_s=0.5).returned(lab.named("slow"), {})
    assert "python_timeout_s" in caught.value.hint
    with pytest.raises(RunnerError, match=r"ends of score.py ended Python before it gave a value"):
        lab.functions().returned(lab.named("ends"), {})


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not count what is asked for")
def test_a_function_that_takes_too_much_memory_is_told_of(lab):
    """With its line, and by what it may take more; small things that add up, too."""
    lab.write("def large(): return len(bytes(10**9))\ndef many(): return [[n] for n in range(10**8)]\n")
    for function, line in (("large", 1), ("many", 2)):
        with pytest.raises(
            RunnerError, match=rf"{function} raised MemoryError \(score.py:{line}\)"
        ) as caught:
            lab.functions(python_memory_gb=0.5).returned(lab.named(function), {})
        assert "with python_memory_gb in runner.toml" in caught.value.hint
    assert 10**9 == lab.functions(python_memory_gb=3).returned(lab.named("large"), {}).value


def test_an_objective_is_tried_before_anything_is_bought(lab):
    """On coin flips, once; what may not be run is told then, too."""
    lab.functions().try_out(lab.desired())
    lab.functions(allow_python=False).try_out(lab.desired())
    with pytest.raises(RunnerError, match=r"half gave nothing, not a number"):
        lab.functions().try_out(lab.desired("half"))
    with pytest.raises(RunnerError, match="running it is not allowed"):
        lab.functions(allow_python=False).try_out(lab.desired("half"))
    assert (100, 4) == (coin_flips(2).total, len(coin_flips(2)))

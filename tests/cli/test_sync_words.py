"""Words and exit codes of `runner sync`, and the commands of its page."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import commands
import pytest

from runner.cli.commands.sync import Duration
from runner.cli.exit_code_choice import after_look
from runner.cli.exit_codes import Exit
from runner.reconcile import PointProgress, WaitFor

PAGE = Path(__file__).parents[2] / "docs" / "gitops.md"


def a_plan(holds=(), look_again_s=None, *, failed=False, actions=(), wait_for=WaitFor.JOBS, uncounted=0):
    """What the exit code asks of a plan."""
    return SimpleNamespace(
        holds=holds,
        look_again_s=look_again_s,
        actions=actions,
        wait_for=wait_for,
        jobs=(PointProgress(key="k", name="t", runs=5, done=5, failed=failed, uncounted=uncounted),),
    )


@pytest.mark.parametrize(
    ("plans", "is_in_order", "expected"),
    [
        ([a_plan()], True, Exit.DONE),
        ([], True, Exit.DONE),
        ([a_plan()], False, Exit.ERROR),
        ([a_plan(failed=True)], True, Exit.FAILED_JOBS),
        ([a_plan(uncounted=2)], True, Exit.FAILED_JOBS),
        ([a_plan(look_again_s=1.0, wait_for=WaitFor.RESULTS, uncounted=5)], True, Exit.FAILED_JOBS),
        ([a_plan(failed=True), a_plan(look_again_s=1.0)], True, Exit.PATIENCE),
        ([a_plan(actions=("a",))], True, Exit.PATIENCE),
        ([a_plan(look_again_s=1.0), a_plan(holds=("h",))], True, Exit.HELD),
    ],
)
def test_the_exit_code_says_how_it_stands(plans, is_in_order, expected):
    """What a person has to look at first wins."""
    assert expected is after_look(plans, is_in_order=is_in_order)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("60s", 60), ("1.5m", 90), ("1h", 3600)])
def test_times_have_units(text, seconds):
    """Seconds where there is none."""
    assert seconds == Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--interval", "0"), "is no time"),
        (("--interval", "soon"), "is no time"),
        (("--wait",), "--wait goes with --once"),
        (("--once", "--listen", ":0"), "--listen does not go with --once"),
        (("--listen", "here"), "here: no address"),
        (("--once", "--timeout", "9"), "--timeout goes with --wait"),
        (("--path", "../x"), "is no folder within the repository"),
        (("--path", "/x"), "is no folder within the repository"),
    ],
)
def test_words_that_are_off_are_a_usage_error(capsys, words, said):
    """Nothing was done."""
    code, out, err = commands.said(capsys, "sync", "nowhere", *words)

    assert code == 64
    assert out == ""
    assert said in err


def test_the_commands_of_the_page_have_words_that_exist(capsys):
    """Each of them, up to its comment; and every code and event of its tables is one."""
    page = PAGE.read_text(encoding="utf-8")
    calls = re.findall(r"^(?:\$ )?runner (sync .*?) *(?:#.*)?$", page, re.MULTILINE)
    codes = [int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)]
    # The page plans, too: a word is one of the verbs that it shows.
    offered = "".join(commands.said(capsys, verb, "--help")[1] for verb in ("sync", "plan"))
    words = set(re.findall(r"`(--[a-z][a-z-]+)", page))

    assert (4, [0, 1, 3, 4, 5]) == (len(calls), codes)
    assert [0] * 4 == [commands.said(capsys, *call.split(), "--help")[0] for call in calls]
    assert set() == {word for word in words if word not in offered}

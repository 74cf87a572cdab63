"""Plans and conditions as a notebook and a prompt show them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from runner.project.answers import ShownPlan
from runner.reconcile import Cost, Difference, Health, Hold, PointProgress, Sync
from runner.reconcile.display.plan_html import conditions_html, jobs_html, plan_html
from runner.reconcile.model.actions import CancelBatch
from runner.reconcile.plan.conditions import Claimed, Condition

EVIL = "<script>alert('&')</script>"


def a_plan(**fields):
    """A plan that cancels a batch and holds."""
    plain = {
        "experiment": "pair",
        "actions": (
            CancelBatch(batch_id="b1", mark="", reason="another sequence"),
            Hold(reason="twice as many", how="raise the budget"),
        ),
        "differences": ((Difference("recipe", "ab", "cd"),), ()),
        "jobs": (PointProgress(key="k", name="t=1", runs=100, missing=100),),
        "sync": Sync.OUT_OF_SYNC,
        "health": Health.MISSING,
        "cost": Cost(jobs=1, runs=100, qpu_s=120.0),
        "notes": ("a note",),
    }
    return ShownPlan(**(plain | fields))


def shown(html):
    """The text of each cell of its tables, and of each paragraph."""
    tree = ET.fromstring(f"<body>{html}</body>")
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]
    return rows, ["".join(each.itertext()) for each in tree.iter("p")]


def test_a_notebook_shows_a_plan_as_a_table():
    """Each action with its reason and cause, then what a person must decide, and the notes."""
    rows, paragraphs = shown(plan_html(a_plan()))

    assert [
        ["action", "why", "have → want"],
        ["cancel batch (b1)", "another sequence", "recipe: ab → cd"],
        ["hold", "twice as many", ""],
    ] == rows
    assert [
        "pair: OutOfSync, Missing; 1 job: 1 wanted; buys 1 job, 100 runs, about 2.0 min of QPU time",
        "to decide: raise the budget",
        "note: a note",
    ] == paragraphs


def test_a_plan_without_actions_says_so():
    """Instead of an empty table."""
    rows, paragraphs = shown(a_plan(actions=(), differences=(), notes=())._repr_html_())

    assert ([], "nothing to do") == (rows, paragraphs[1])


def test_nothing_that_a_plan_names_is_markup():
    """Names and notes may be anything."""
    rows, paragraphs = shown(plan_html(a_plan(experiment=EVIL, notes=(EVIL,))))

    assert (3, True, f"note: {EVIL}") == (len(rows), paragraphs[0].startswith(EVIL), paragraphs[2])


def test_a_prompt_shows_a_plan_in_one_line():
    """Not the text of all its values; print shows what `runner plan` does."""
    plan = a_plan()

    assert "<Plan of pair: OutOfSync, Missing; buys 1 job, 100 runs, about 2.0 min of QPU time>" == repr(plan)
    assert [
        "pair: OutOfSync, Missing; 1 job: 1 wanted; buys 1 job, 100 runs, about 2.0 min of QPU time",
        "  cancel batch (b1): another sequence",
        "      recipe: ab → cd",
        "  hold: twice as many",
        "    to decide: raise the budget",
        "  note: a note",
    ] == str(plan).splitlines()


def test_a_notebook_shows_conditions_and_jobs():
    """A row for each condition, and for each of the first hundred jobs."""
    condition = Condition(type="Complete", status=Claimed.FALSE, reason="JobsUnfinished", message=EVIL)
    jobs = [PointProgress(key=str(n), name=f"t={n}", runs=10, done=10) for n in range(103)]

    assert [
        ["condition", "status", "reason", "message"],
        ["Complete", "False", "JobsUnfinished", EVIL],
    ] == shown(conditions_html([condition]))[0]
    rows, paragraphs = shown(jobs_html(jobs))
    assert (["t=99", "DONE", "10", "10", "0", "0"], ["… and 3 more"]) == (rows[-1], paragraphs)

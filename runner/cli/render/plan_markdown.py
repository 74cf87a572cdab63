"""`runner plan --rev A..B`, and plans in markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.cli.output import print_json, print_text
from runner.cli.render.markdown import bullets, code, folded, html_code, in_one_line, table, within
from runner.domain.json_values import plain
from runner.domain.numerals import grouped
from runner.project.revisions.changes import ChangeKind
from runner.reconcile.display.plan_text import action_lines
from runner.reconcile.model.plan import Cost, all_costs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.project.revisions.changes import Changes, ExperimentChange
    from runner.reconcile import Difference, Plan

# Workflows find their comment by it, to write it anew.
MARKER: Final = "<!-- runner plan -->"
_SHOWN: Final = 20
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
_COLUMNS: Final = ("experiment", "change", "jobs", "done", "to buy", "budget left")
_OF_PLANS: Final = ("experiment", "sync", "jobs", "done", "to buy")
_NOT_ASKED: Final = "The cloud was not asked: what is done is by the records in git."


def print_changes(changes: Changes, form: str) -> None:
    """What one revision changes of another, in the form that was asked for."""
    match form:
        case "json":
            print_json(changes_object(changes))
        case "markdown":
            print_text(changes_markdown(changes).rstrip("\n"))
        case _:
            for line in changes_lines(changes):
                print_text(line)


def changes_object(changes: Changes) -> dict[str, object]:
    """The changes as data."""
    return {
        "experiments": [plain(each) for each in changes.shown],
        "unchanged": changes.count(ChangeKind.UNCHANGED),
        "cost": plain(changes.cost),
        "at_most": plain(changes.at_most),
        "notes": list(changes.notes),
        "asked_cloud": changes.asked_cloud,
    }


def changes_lines(changes: Changes) -> Iterator[str]:
    """The changes for a terminal."""
    yield totals(changes)
    for note in _notes(changes):
        yield f"note: {in_one_line(note)}"
    for each in changes.shown:
        moved = f" from {each.former}" if each.former else ""
        name = in_one_line(each.name)
        bought = _amounts(each.cost, each.at_most)
        yield f"{name}: {each.kind}{moved}; {_jobs(each)}; {each.done} done; {bought}"
        yield from (f"  note: {in_one_line(line)}" for line in each.warnings)
        yield from (f"  {in_one_line(text)}" for text in _problems(each))


def changes_markdown(changes: Changes) -> str:
    """The changes as a comment; the same changes give the same text."""
    head = [MARKER, f"**{totals(changes)}**", *_quoted(changes)]
    rows = [_row(each) for each in changes.shown]
    if not rows:
        return "\n\n".join(head) + "\n"
    lines = table(_COLUMNS, rows)
    parts = [part for each in changes.shown if (part := _details(each))]
    return within("\n\n".join([*head, "\n".join(lines[:2])]), lines[2:], parts)


def plans_markdown(plans: Sequence[Plan]) -> str:
    """What apply would do, in the same form."""
    cost, at_most = sum((plan.cost for plan in plans), Cost()), all_costs(plan.at_most for plan in plans)
    head = [MARKER, f"**{_sentence(_amounts(cost, at_most))}.**"]
    lines = table(_OF_PLANS, [_plan_row(plan) for plan in plans])
    parts = [
        folded(html_code(plan.experiment), bullets([code(line.strip()) for line in said], _SHOWN))
        for plan in plans
        if (said := [*action_lines(plan), *(f"note: {note}" for note in plan.notes)])
    ]
    return within("\n\n".join([*head, "\n".join(lines[:2])]), lines[2:], parts)


def totals(changes: Changes) -> str:
    """The changes in one line."""
    counts = [(changes.count(kind), kind) for kind in ChangeKind]
    said = ", ".join(f"{count} {kind}" for count, kind in counts if count) or "no experiments"
    return f"{_sentence(_amounts(changes.cost, changes.at_most))}; experiments: {said}."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _amounts(cost: Cost, at_most: Cost | None) -> str:
    """What is bought now, and what is in all where strategies ask for more as results come back."""
    now = f"buys {_amount(cost)}" if cost.jobs else "buys nothing"
    if at_most is None:
        return f"{now} now; nothing bounds what is bought as results come back"
    if at_most.jobs <= cost.jobs:
        return now
    return f"{now} now; at most {_amount(at_most)} in all, as results come back"


def _amount(cost: Cost) -> str:
    qpu = f"about {_duration(cost.qpu_s)} of QPU time" if cost.qpu_s else "no QPU time"
    return f"{grouped(cost.jobs, 'job')}, {grouped(cost.runs, 'run')}, {qpu}"


def _duration(seconds: float) -> str:
    if seconds >= _HOUR_S:
        return f"{seconds / _HOUR_S:,.1f} h"
    return f"{seconds / _MINUTE_S:.1f} min"


def _notes(changes: Changes) -> list[str]:
    return [*changes.notes, *([] if changes.asked_cloud else [_NOT_ASKED])]


def _quoted(changes: Changes) -> list[str]:
    """Paragraphs of what holds for all; keys of settings are quoted."""
    said = [code(note) for note in changes.notes]
    return [*said, *([] if changes.asked_cloud else [_NOT_ASKED])]


def _jobs(change: ExperimentChange) -> str:
    said = [f"+{len(change.added)}"] if change.added else []
    said += [f"−{len(change.removed)}"] if change.removed else []
    said += [f"{len(change.resized)} with other runs"] if change.resized else []
    return " ".join(said) or "–"


def _row(change: ExperimentChange) -> list[str]:
    kind = f"{change.kind} from {code(change.former)}" if change.former else str(change.kind)
    done = f"{change.done} of {change.jobs}" if change.jobs else "–"
    return [code(change.name), kind, _jobs(change), done, _to_buy(change.cost, change.at_most), _left(change)]


def _plan_row(plan: Plan) -> list[str]:
    done = sum(job.status == "DONE" for job in plan.jobs)
    return [
        code(plan.experiment),
        str(plan.sync),
        str(len(plan.jobs)),
        str(done),
        _to_buy(plan.cost, plan.at_most),
    ]


def _to_buy(cost: Cost, at_most: Cost | None) -> str:
    if at_most is None:
        return f"{_briefly(cost)}; no bound"
    if at_most.jobs <= cost.jobs:
        return _briefly(cost)
    more = f"at most {_briefly(at_most)}"
    return f"{_briefly(cost)}; {more}" if cost.jobs else more


def _briefly(cost: Cost) -> str:
    if not cost.jobs:
        return "–"
    qpu = f", {_duration(cost.qpu_s)}" if cost.qpu_s else ""
    return f"{grouped(cost.jobs, 'job')}, {grouped(cost.runs, 'run')}{qpu}"


def _left(change: ExperimentChange) -> str:
    said = [
        f"{_duration(left)} of QPU time" if name == "qpu_s" else f"{left:,.0f} {name}"
        for name, left in sorted(change.left.items())
    ]
    return ", ".join(said) or "–"


def _details(change: ExperimentChange) -> str:
    """What is folded of one experiment; empty where there is nothing more to say."""
    lists = (
        ("Problems", _problems(change)),
        ("Warnings", list(change.warnings)),
        ("Changed", [_difference(each) for each in change.differences]),
        ("Jobs added", list(change.added)),
        ("Jobs removed", list(change.removed)),
        ("Jobs with other runs", list(change.resized)),
    )
    lines: list[str] = []
    for title, texts in lists:
        if texts:
            lines += ["", f"{title}:", "", *bullets([code(text) for text in texts], _SHOWN)]
    return folded(f"{html_code(change.name)}: {change.kind}", lines[1:]) if lines else ""


def _problems(change: ExperimentChange) -> list[str]:
    return [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in change.problems]


def _difference(difference: Difference) -> str:
    return f"{difference.subject}: {difference.have} → {difference.want}"

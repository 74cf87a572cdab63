"""Markdown that quotes strangers: no mark of theirs has a meaning, and it fits into a comment."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from runner.cli.render.markdown import MOST_CHARACTERS, code, html_code, table
from runner.cli.render.plan_markdown import changes_markdown
from runner.errors import Problem
from runner.project.revisions.changes import ChangeKind, Changes, ExperimentChange
from runner.reconcile import Cost

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</code></summary></details><script>x</script>",
    "[a](http://evil.example)",
    "![a](http://evil.example/p.png)",
    "@somebody #12 www.evil.example a@b.example https://evil.example",
    "`` ` ``` <b>",
    "`",
    "a | b \\| c \\\\| d",
    "a\n\n# heading\n- list\r\n| x |",
    "\u202egnp.exe\u2066\u200b\x1b[31m\x00",
    "\\",
    "\\`",
    "",
    "   ",
    "-->\n<!-- runner plan -->",
    "***b*** __c__ ~~d~~ &lt; :tada:",
)
# What our own template makes.
OURS = frozenset(
    {
        *("inline", "text", "code_inline", "html_block", "softbreak"),
        *(f"{name}_{end}" for name in ("paragraph", "strong", "bullet_list") for end in ("open", "close")),
        *(f"{name}_{end}" for name in ("list_item", "table") for end in ("open", "close")),
        *(f"{name}_{end}" for name in ("thead", "tbody", "tr", "th", "td") for end in ("open", "close")),
    }
)


def rendered(text):
    """The tokens of a text, those inside of lines as well, by an implementation of CommonMark with tables."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [each for token in tokens for each in (token, *(token.children or ()))]


def a_change(text):
    """A change that says a text wherever one is told."""
    problem = Problem(text, 1, 2, "", text)
    fields = {"added": (text,), "removed": (text,), "warnings": (text,), "problems": (problem,)}
    return ExperimentChange(name=text, kind=ChangeKind.RENAMED, former=text, jobs=1, **fields)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_makes_no_element(text):
    """Everything in the rendered comment is an element of ours, as many as of harmless text."""
    changes = [Changes(experiments=(a_change(each),), notes=(each,)) for each in (text or "x", "x")]
    hostile, harmless = ([t.type for t in rendered(changes_markdown(each))] for each in changes)
    if not text.strip():  # shown as a dash, which is no code
        harmless = [each for each in harmless if each != "code_inline"]
        hostile = [each for each in hostile if each != "code_inline"]

    assert set() == set(hostile) - OURS
    assert [each for each in harmless if each not in {"text", "code_inline"}] == [
        each for each in hostile if each not in {"text", "code_inline"}
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_html_of_ours_is_the_only_html(text):
    """A summary holds the tags of our template, and entities."""
    found = [t.content for t in rendered(changes_markdown(Changes(experiments=(a_change(text),))))]
    html = [each for each in found if each.startswith(("<details>", "</details>"))]

    assert [
        f"<details><summary>{html_code(text)}: renamed</summary>\n",
        "</details>\n",
    ] == html
    assert 2 == html_code(text).count("<")


@pytest.mark.parametrize("text", [each for each in HOSTILE if each.strip()])
def test_a_strangers_text_stays_one_cell_of_code(text):
    """The row has the cells that it had, and the first one is code and nothing else."""
    tokens = rendered("\n".join(table(("a", "b"), [(code(text), "x")])))
    cells = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "td_open"]

    assert [["code_inline"], ["text"]] == [[each.type for each in cell.children] for cell in cells]


def test_what_nobody_sees_is_shown_as_an_escape():
    """Controls, marks of direction, line ends, and the bar that ends a cell."""
    assert "`a\\u202eb\\u000ac\\u007cd\\u001b`" == code("a\u202eb\nc|d\x1b")


def many(count, jobs):
    """Changes of many experiments with many jobs."""
    names = tuple(f"t_ns={at}, omega_max={'1' * 30}" for at in range(jobs))
    cost = Cost(jobs=jobs, runs=jobs)
    return Changes(
        experiments=tuple(
            ExperimentChange(name=f"e{at:03}", kind=ChangeKind.ADDED, added=names, jobs=jobs, cost=cost)
            for at in range(count)
        )
    )


def test_many_experiments_fit_into_a_comment():
    """300 of 75 jobs: every row stands, details are left out, and it is said of how many."""
    text = changes_markdown(many(300, 75))
    left = text.count("<details>")

    assert len(text) <= MOST_CHARACTERS
    assert 300 == text.count("| `e")
    assert (
        f"Left out, since a comment takes no more: the details of {300 - left} experiments.\n"
        == (text.rpartition("\n\n")[2])
    )


def test_too_many_rows_are_left_out_too():
    """5000 experiments: rows go, after all of the details."""
    text = changes_markdown(many(5000, 1))
    rows = text.count("| `e")

    assert len(text) <= MOST_CHARACTERS
    assert 0 == text.count("<details>")
    assert f"{5000 - rows} rows of the table and the details of 5000 experiments." in text

"""Blocks of a page: what is found, and how what is printed is compared."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from page_blocks import Block, Command, Page, commands, is_as_shown, page, with_jobs

TEXT = """\
# Title

<!-- first
mkdir specs
-->

```sh
runner plan --detailed-exitcode  # exits with 2
```

<!-- not run: needs a person -->

```console
$ runner apply
```

```yaml title="specs/a.yaml"
kind: Experiment
```

![What is seen](pictures/a.svg)

<!-- jobs of: specs/a.yaml -->

```yaml
jobs: []
```
"""


def test_blocks_are_found_with_what_is_said_of_them():
    """Language, line, file and reason, in their order."""
    expected = Page(
        "a",
        (
            Block("sh", "runner plan --detailed-exitcode  # exits with 2\n", 7),
            Block("console", "$ runner apply\n", 13, reason="needs a person"),
            Block("yaml", "kind: Experiment\n", 17, file="specs/a.yaml"),
            Block("yaml", "jobs: []\n", 25, file="specs/a.yaml", is_jobs=True),
        ),
        first="mkdir specs\n",
        pictures=("a.svg",),
    )

    assert expected == page("a", TEXT)


def test_commands_have_exit_codes_and_what_they_print():
    """In a console what follows a command is shown; in a shell's block nothing is."""
    console = Block("console", "$ runner plan  # exits with 2\nfirst: OutOfSync\n$ runner fmt\n", 1)

    assert [Command("runner plan", 2, "first: OutOfSync\n"), Command("runner fmt", 0, "")] == commands(
        console
    )
    assert [Command("runner plan  --yes", 0)] == commands(Block("sh", "runner plan \\\n--yes\n", 1))


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a\nb\n", "a  \nb\n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a … c\n", "a b c\n", True),
        ("a …\n", "a b\nc\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\n", "a\n", True),
        ("", "", True),
        ("", "something\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_what_is_printed_is_compared_line_by_line(shown, printed, expected):
    """… stands for anything in a line, and alone on a line for any lines."""
    assert expected == is_as_shown(shown, printed)


def test_jobs_of_a_file_are_replaced():
    """The rest stays."""
    assert "spec:\n  a: 1\n  jobs:\n    - runs: 2\n" == with_jobs(
        "spec:\n  a: 1\n  jobs:\n    - runs: 1\n", "jobs:\n  - runs: 2\n"
    )

"""What a page of docs/ asks to be run: its blocks in their order, each with what the page says of it.

A block is fenced. What it is for stands in its info string, or in a comment in front of it that readers of
the site do not see:

    ```console                        commands behind `$ `, and what they print; … stands for anything
    ```sh                             commands
    ```python                         code; a block of text behind it is what it prints
    ```yaml title="specs/a.yaml"      a file; so for every language
    <!-- jobs of: specs/a.yaml -->    the block replaces the jobs of that file
    <!-- not run: REASON -->          the block cannot be run
    <!-- drawing -->                  the block of text is a drawing
    <!-- run by: tests/….py -->       at the top of a page: that module runs the page's blocks
    <!-- first                        commands that the page's lab begins with, up to the end of the comment
    ![…](pictures/a.svg)              a picture, which the page's commands draw as a.svg; a PNG has its own
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
LANGUAGES: Final = ("console", "python", "sh", "text", "toml", "yaml")

_BLOCK: Final = re.compile(
    r"(?:<!-- (?P<why>not run|jobs of|drawing)(?:: (?P<said>[^\n]*))? -->\n+)?"
    r"^```(?P<language>\w*)(?P<info>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_TITLE: Final = re.compile(r'title="([^"]+)"')
_FIRST: Final = re.compile(r"<!-- first\n(.*?)-->", re.DOTALL)
_PICTURE: Final = re.compile(r"!\[[^\]]+\]\(pictures/([^)]+\.svg)\)")
_ELSEWHERE: Final = re.compile(r"^<!-- run by: (\S+) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Args:
        file: The file that it is, or whose jobs it is; empty for commands and code.

        reason: Why it cannot be run; empty if it is.
    """

    language: str
    text: str
    line: int
    file: str = ""
    reason: str = ""
    is_jobs: bool = False
    is_drawing: bool = False


@dataclass(frozen=True)
class Page:
    """What is to be run of a page.

    Args:
        first: Commands that its lab begins with.

        elsewhere: The test module that runs it; empty if these tests do.

        pictures: Names of the files in docs/pictures/ that it shows.
    """

    name: str
    blocks: tuple[Block, ...]
    first: str = ""
    elsewhere: str = ""
    pictures: tuple[str, ...] = ()


def page(name: str, text: str) -> Page:
    """A page, read."""
    first, elsewhere = _FIRST.search(text), _ELSEWHERE.search(text)
    return Page(
        name,
        tuple(_block(found, text) for found in _BLOCK.finditer(text)),
        first[1] if first else "",
        elsewhere[1] if elsewhere else "",
        tuple(_PICTURE.findall(text)),
    )


def _block(found: re.Match[str], text: str) -> Block:
    title = _TITLE.search(found["info"])
    is_jobs = found["why"] == "jobs of"
    return Block(
        found["language"],
        found["text"],
        text.count("\n", 0, found.start("language")) + 1,
        file=found["said"] if is_jobs else title[1] if title else "",
        reason=found["said"] if found["why"] == "not run" else "",
        is_jobs=is_jobs,
        is_drawing=found["why"] == "drawing" and found["language"] == "text",
    )


def all_pages() -> list[Page]:
    """Every page of docs/ and of its folders, by name."""
    paths = sorted(DOCS.rglob("*.md"))
    names = [path.relative_to(DOCS).with_suffix("").as_posix() for path in paths]
    return [page(name, path.read_text(encoding="utf-8")) for name, path in zip(names, paths, strict=True)]


@dataclass(frozen=True)
class Command:
    """A command, the exit code that its comment tells, and what it prints; None if that is not shown."""

    words: str
    code: int = 0
    shown: str | None = None


_EXITS: Final = re.compile(r"\s+# exits with (\d+)$")


def commands(block: Block) -> list[Command]:
    """The commands of a block, in their order."""
    if block.language == "sh":
        return [_command(line) for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    return [_command(*part.split("\n", 1)) for part in parts]


def _command(line: str, shown: str | None = None) -> Command:
    told = _EXITS.search(line)
    return Command(_EXITS.sub("", line), int(told[1]) if told else 0, shown)


def is_as_shown(shown: str, printed: str) -> bool:
    """Whether a text is what a page shows; … stands for anything in a line, alone on a line for any lines.

    Space at the ends of lines does not count.
    """
    pattern = "".join(
        r"(?:[^\n]*\n)*"
        if line.strip() == "…"
        else ".*".join(map(re.escape, line.rstrip().split("…"))) + r" *\n"
        for line in shown.rstrip("\n").splitlines()
    )
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


def with_jobs(text: str, jobs: str) -> str:
    """An experiment file with other jobs; what stands behind its jobs goes."""
    head, found, _ = text.partition("\n  jobs:\n")
    if not found:
        raise AssertionError("the file has no jobs of its own to be replaced")
    return (
        head
        + "\n"
        + "".join(f"  {line}" if line.strip() else line for line in jobs.splitlines(keepends=True))
    )

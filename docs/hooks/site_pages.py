"""The hook of mkdocs: pages of the reference are made at each build, from what the package says.

Pages link to the sources of the reference, which are there without a build; in the site these links lead to
its pages.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from command_pages import commands_page
from python_pages import python_page
from schema_pages import schema_page

import runner
from runner.cli.main import cli
from runner.project import schema_names, schema_text
from runner.project.answers import Applied, Standing
from runner.project.api import Declared
from runner.results import Bootstrap, Counts, Estimate, Estimates, JobResult, Results

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_TITLES: Final = {
    "experiment": "Experiment file",
    "runner": "runner.toml",
    "record": "Record",
    "manifest": "Manifest",
    "plan": "Saved plan",
    "status": "Status",
    "notification": "Notification",
}
_IN_REPOSITORY: Final = re.compile(
    r"\]\(\.\./(?:schemas/(?P<schema>\w+)\.schema\.json|(?P<readme>README\.md#an-experiment)|runner/results/api\.py)"
    r"(?P<anchor>#[\w-]+)?(?=\))"
)
_PYTHON: Final = (
    "`import runner` costs next to nothing: what stands here is imported when it is first used."
    " How it is used stands in [results in Python](../results-in-python.md)."
)


def library() -> list[tuple[str, Any]]:
    """What the page on Python tells of, under the names by which it is known."""
    classes = (Declared, Applied, Standing, Results, JobResult, Counts, Estimate, Estimates, Bootstrap)
    return [
        ("runner.load", runner.load),
        *((kind.__name__, kind) for kind in classes),
        ("RunnerError", runner.RunnerError),
    ]


def pages() -> dict[str, str]:
    """Text of each page of the reference, by its path below docs/."""
    of_files = {
        f"reference/{name}.md": schema_page(
            json.loads(schema_text(name)), title=_TITLES[name], lead=_lead(name)
        )
        for name in schema_names()
    }
    return of_files | {
        "reference/commands.md": commands_page(cli, "runner"),
        "reference/python.md": python_page(_PYTHON, library()),
    }


def _lead(name: str) -> str:
    printed = f"`runner schema {name}` prints the JSON Schema that this page is made from."
    description = json.loads(schema_text(name)).get("description", "")
    return f"{description.split(chr(10))[0]}\n\n{printed}" if description else printed


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links into the repository become links to the pages that are made of what they lead to.

    On a host of the repository there are no such pages, and the links lead to their sources.
    """
    return _IN_REPOSITORY.sub(lambda found: f"](reference/{_page(found)}", markdown)


def _page(found: re.Match[str]) -> str:
    name, anchor = found.group("schema"), found.group("anchor") or ""
    if name:
        return f"{name}.md{anchor}"
    return "commands.md" if found.group("readme") else f"python.md{anchor}"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of the reference to those of the folder."""
    from mkdocs.structure.files import File  # noqa: PLC0415  (a build has it; who reads the pages need not)

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files

"""The scratch lab of a page: a git repository, its local cloud, and a second one that is called `pasqal`."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import commands
from page_blocks import Block, Command, is_as_shown, with_jobs
from page_blocks import commands as commands_of

from runner.cli import main

if TYPE_CHECKING:
    from pathlib import Path

_FOR_A_SHELL: Final = frozenset("|&;<>()$`\\*?[]{}~=#")
_REGION: Final = re.compile(r'^region = "fr".*$', re.MULTILINE)
TIMEOUT_S: Final = 120


class Lab:
    """Runs the blocks of a page, one after the other.

    Args:
        pasqal: URL of the cloud that stands for the region of `[targets.pasqal]`; empty if the page has none.
    """

    def __init__(self, folder: Path, pasqal: str = "") -> None:
        self.folder = folder
        self.pasqal = pasqal
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""

    def run(self, block: Block) -> str:
        """Runs a block; answers what is wrong with it, nothing if it is as the page says."""
        if block.file:
            return self.write(block)
        if block.language in ("sh", "console"):
            return "\n".join(filter(None, (self.execute(command) for command in commands_of(block))))
        if block.language == "python":
            self.printed = self.evaluate(block.text)
            return ""
        if block.is_drawing:
            return ""
        if block.language == "text":
            return self._compared(block.text, self.printed)
        return f"nothing says what this block of {block.language or 'no language'} is for"

    def write(self, block: Block) -> str:
        """Writes the file that a block is."""
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = block.text
        if block.is_jobs:
            text = with_jobs(path.read_text(encoding="utf-8"), text)
        if self.pasqal:
            text = _REGION.sub(f'url = "{self.pasqal}"\nsettle_s = 0\npoll_s = 0.1', text)
        path.write_text(text, encoding="utf-8")
        return ""

    def execute(self, command: Command) -> str:
        """Runs a command, in this process if its words are plain."""
        words = shlex.split(command.words)
        plain = words[0] == "runner" and _FOR_A_SHELL.isdisjoint(command.words)
        code, printed = _in_process(words[1:]) if plain else self._in_shell(command.words)
        self.printed = printed
        if code != command.code:
            return f"$ {command.words}\nexits with {code}, not with {command.code}:\n{printed}"
        wrong = "" if command.shown is None else self._compared(command.shown, printed)
        return f"$ {command.words}\n{wrong}" if wrong else ""

    def evaluate(self, code: str) -> str:
        """Runs Python code, with the names of the blocks before it; answers what it prints."""
        said = io.StringIO()
        with redirect_stdout(said):
            exec(compile(code.replace('region="fr"', f'url="{self.pasqal}"'), "page", "exec"), self.names)
        return said.getvalue()

    def _in_shell(self, words: str) -> tuple[int, str]:
        done = subprocess.run(
            [
                "bash",
                "-e",
                "-o",
                "pipefail",
                "-c",
                f'runner() {{ "{sys.executable}" -m runner "$@"; }}\n{words}',
            ],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
        return done.returncode, done.stdout

    @staticmethod
    def _compared(shown: str, printed: str) -> str:
        return (
            ""
            if is_as_shown(shown, printed)
            else f"the page shows:\n{shown}\nand this is printed:\n{printed}"
        )


def _in_process(words: list[str]) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(words)
    return code, said.getvalue()


def new_repository(folder: Path) -> None:
    """An empty git repository with an author."""
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["config", "user.name", "Ada"],
        ["config", "user.email", "ada@example.org"],
        ["commit", "--quiet", "--allow-empty", "--message", "Begin"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)


def end(lab: Lab) -> None:
    """Ends the local clouds of a lab and of clones in it."""
    for store in lab.folder.rglob(".runner/local-cloud"):
        commands.stop_local_cloud(store)

"""A repository on a service, which is a folder, and the tools of the machines that run our workflows."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import commands
from leftovers import MARK
from own_git import HERMETIC, git

ROOT = Path(__file__).parents[2]
LESS = commands.EXPERIMENT.replace("[100, 200, 300]", "[100]")


class ServiceLab:
    """A bare repository with an experiment on main, a clone of it, and tools for its machines."""

    def __init__(self, folder):
        self.folder, self.remote, self.work = folder, folder / "lab" / "experiments.git", folder / "work"
        self.tools, self.home = folder / "tools", folder / "home"
        for each in (self.tools, self.home, self.remote.parent):
            each.mkdir(parents=True)
        commands.a_lab(self.work)
        git(self.remote.parent, "init", "--quiet", "--bare", "--initial-branch=main", self.remote.name)
        git(self.work, "init", "--quiet", "--initial-branch=main")
        git(self.work, "remote", "add", "origin", str(self.remote))
        self.tool("runner", f'exec {shlex.quote(sys.executable)} -m runner "$@"')
        self.push("main")

    def tool(self, name, script):
        """Puts a command on the path of the machines."""
        path = self.tools / name
        path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def push(self, branch, **files):
        """Commits experiment files and pushes them; answers the commit."""
        for name, text in files.items():
            (self.work / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "Change")
        git(self.work, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.work, "rev-parse", "HEAD")

    @property
    def environ(self):
        """Variables that every machine has."""
        kept = {
            name: os.environ[name] for name in ("PYTHONPATH", "LANG", "TMPDIR", MARK) if name in os.environ
        }
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        return kept | HERMETIC | {"PATH": path, "HOME": str(self.home)}

    def records(self, branch="results"):
        """The files of the branch of the records; none while there is no such branch."""
        if not git(self.remote, "branch", "--list", branch):
            return []
        return git(self.remote, "ls-tree", "-r", "--name-only", branch).splitlines()

    def jobs_on_record(self):
        """How many jobs the branch of the records holds."""
        lines = [name for name in self.records() if name.endswith(".jsonl")]
        return sum(len(git(self.remote, "show", f"results:{name}").splitlines()) for name in lines)

    def end(self, *folders):
        """Ends the clouds of its machines, also in folders elsewhere."""
        for folder in (self.folder, *folders):
            for store in folder.rglob(".runner/local-cloud"):
                commands.stop_local_cloud(store)

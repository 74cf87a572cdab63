"""Git as tests use it: nobody's configuration, and an author."""

from __future__ import annotations

import os
import subprocess

HERMETIC = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@lab.test",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@lab.test",
}


def git(folder, *words):
    """Runs git in a folder."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | HERMETIC,
    )
    return done.stdout.strip()

"""A clone that is kept current: what git is asked, and what is decided about a new commit.

`decisions` is pure: from where a branch stands, what its files are and what the rules allow, it says whether
to advance, stay or refuse. `addresses` is pure too. `command_line` runs git, `clone` is the clone on disk,
`memory` what is remembered beside it, `lock` keeps a second one out. What an experiment is, is not known
here.
"""

from runner.gitops.addresses import clone_folder, shown
from runner.gitops.clone import Clone, Source
from runner.gitops.command_line import Git
from runner.gitops.decisions import Advance, Change, Refuse, Relation, Rules, Signature, Stay, decided
from runner.gitops.lock import locked
from runner.gitops.memory import Applied, read_applied, write_applied

__all__ = [
    "Advance",
    "Applied",
    "Change",
    "Clone",
    "Git",
    "Refuse",
    "Relation",
    "Rules",
    "Signature",
    "Source",
    "Stay",
    "clone_folder",
    "decided",
    "locked",
    "read_applied",
    "shown",
    "write_applied",
]

"""A clone that is kept current, and how records are pushed.

`commit_policy` is pure: from where a branch stands, what its files are and what the rules allow, it says
whether to advance, stay or refuse. `urls` is pure too. `git` runs git, `clone` is the clone on disk,
`state_file` what is remembered beside it, `lock` keeps a second one out. `publish` pushes records to a
branch, and `choose_records` in it, which is pure, says which. What an experiment is, is not known here.
"""

from runner.gitops.clone import Clone, FollowedSource
from runner.gitops.commit_policy import (
    Advance,
    Change,
    CommitRules,
    Refuse,
    Relation,
    Signature,
    Stay,
    decided,
)
from runner.gitops.git import Git
from runner.gitops.publish.choose_records import Destination, Publication, RecordsPlace, destination
from runner.gitops.publish.publisher import Publisher
from runner.gitops.state_file import AppliedCommit, locked, read_applied, write_applied
from runner.gitops.urls import clone_folder, shown

__all__ = [
    "Advance",
    "AppliedCommit",
    "Change",
    "Clone",
    "CommitRules",
    "Destination",
    "FollowedSource",
    "Git",
    "Publication",
    "Publisher",
    "RecordsPlace",
    "Refuse",
    "Relation",
    "Signature",
    "Stay",
    "clone_folder",
    "decided",
    "destination",
    "locked",
    "read_applied",
    "shown",
    "write_applied",
]

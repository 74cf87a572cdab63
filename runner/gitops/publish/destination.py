"""Where records go, what was there at the last push, and what a push has brought about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where on a branch records are, and where they are here.

    Args:
        folder: From the branch's root; `.` is the root itself.

        results: Folder in the clone, from its root.

        is_followed: Whether commits of the branch are brought into force.
    """

    branch: str
    folder: str
    results: str
    is_followed: bool = False

    def there(self, path: str) -> str:
        """A path of a record, from the branch's root."""
        return path if self.folder == "." else f"{self.folder}/{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was on a branch when records last went there.

    Args:
        commit: Its newest one then; empty where there was no branch.

        held: The tree of what was here; empty before the first push.

        left: What stayed as the branch had it, in order.
    """

    url: str
    branch: str
    folder: str
    commit: str = ""
    held: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a push has brought about.

    Args:
        commit: Empty where none was needed.

        jobs: How many were recorded, by experiment.

        left: What stays as the branch has it and was not told before, in order.
    """

    commit: str = ""
    jobs: Mapping[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()

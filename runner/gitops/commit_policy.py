"""Whether a new commit comes into force. Pure: all that is to know of it is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT: Final = 12


class Relation(StrEnum):
    """How the branch's newest commit is related to the one in force."""

    FIRST = "first"
    SAME = "same"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    UNRELATED = "unrelated"


class Signature(StrEnum):
    """What git says of a commit's signature."""

    UNASKED = "unasked"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRules:
    """What may come into force.

    Args:
        force_push: Whether a commit may, that is no descendant of the one in force.

        removal_of_all: Whether one may that leaves no experiment of those there were.

        signed: Whether git must be able to verify the signature of the newest commit.
    """

    force_push: bool = False
    removal_of_all: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A commit that may come into force; what is not yet known of it speaks for it.

    Args:
        problems: Why its files cannot be used; empty if they can.

        before: Names of the experiments in force.

        after: Those of the commit; None until they are read.

        namespaces: That in force, and that of the commit; empty for the one that the root commit gives.
            None until both are known.
    """

    commit: str
    relation: Relation
    signature: Signature = Signature.UNASKED
    problems: str = ""
    before: frozenset[str] = frozenset()
    after: frozenset[str] | None = None
    namespaces: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """The commit comes into force."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stay:
    """There is nothing new."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The commit does not come into force; what was in force stays so.

    Args:
        is_invalid: Whether it is for what its files say.
    """

    reason: str
    is_invalid: bool = False


Decision = Advance | Stay | Refuse

_REWRITTEN: Final = {
    Relation.BEHIND: "is older than",
    Relation.DIVERGED: "does not descend from",
    Relation.UNRELATED: "has no history in common with",
}


def decided(change: Change, rules: CommitRules) -> Decision:
    """What becomes of a commit. Asked again when more is known of it, it only grows stricter."""
    if change.relation is Relation.SAME:
        return Stay("nothing is new")
    return next(_objections(change, rules), Advance(_told(change)))


def _objections(change: Change, rules: CommitRules) -> Iterator[Refuse]:
    if change.relation in _REWRITTEN and not rules.force_push:
        yield Refuse(
            f"history was rewritten: it {_REWRITTEN[change.relation]} the commit in force;"
            " --allow-force-push takes it"
        )
    if rules.signed and change.signature is Signature.BAD:
        yield Refuse("git cannot verify its signature, as --verify-signatures asks")
    if change.problems:
        yield Refuse(change.problems, is_invalid=True)
    if change.after is not None and not rules.removal_of_all and _removes_all(change.before, change.after):
        count = "the only experiment" if len(change.before) == 1 else f"all {len(change.before)} experiments"
        yield Refuse(f"it would remove {count} in force; --allow-removal-of-all takes it")
    if change.after and change.namespaces and change.namespaces[0] != change.namespaces[1]:
        was, now = (each or "that of the root commit" for each in change.namespaces)
        yield Refuse(
            f"it changes `namespace` in runner.toml from {was} to {now}, and what is pending would be bought"
            " again; once nothing is, a new clone takes it (--clone)"
        )


def _removes_all(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether nothing is left; a single experiment may be given another name."""
    return bool(before) and (not after or (len(before) > 1 and not before & after))


def _told(change: Change) -> str:
    after = change.after or frozenset()
    parts = [
        f"{sign}{name}"
        for sign, names in (("+", after - change.before), ("-", change.before - after))
        for name in sorted(names)
    ]
    count = f"{len(after)} experiment{'' if len(after) == 1 else 's'}"
    rewritten = "; history was rewritten" if change.relation in _REWRITTEN else ""
    return count + (f" ({' '.join(parts)})" if parts else "") + rewritten

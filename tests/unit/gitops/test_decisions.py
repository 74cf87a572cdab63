"""What becomes of a new commit, and how addresses are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import GitError
from runner.gitops import (
    Advance,
    AppliedCommit,
    Change,
    CommitRules,
    Refuse,
    Relation,
    Signature,
    Stay,
    clone_folder,
    decided,
    locked,
    read_applied,
    shown,
    write_applied,
)

REWRITTEN = {Relation.BEHIND, Relation.DIVERGED, Relation.UNRELATED}


def change(relation=Relation.AHEAD, **facts):
    """A commit ahead of the one in force, with nothing against it."""
    return Change(commit="c" * 40, relation=relation, **facts)


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("force_push", [False, True])
def test_only_descendants_come_into_force_unless_it_is_allowed(relation, force_push):
    """What is in force already stays; the first commit descends from nothing and is taken."""
    kind = type(decided(change(relation), CommitRules(force_push=force_push)))
    refused = relation in REWRITTEN and not force_push

    assert kind is (Stay if relation is Relation.SAME else Refuse if refused else Advance)


@pytest.mark.parametrize(
    ("signature", "signed", "kind"),
    [
        (Signature.BAD, True, Refuse),
        (Signature.BAD, False, Advance),
        (Signature.GOOD, True, Advance),
        (Signature.UNASKED, True, Advance),
    ],
)
def test_an_unverified_commit_is_refused_where_signatures_are_asked_for(signature, signed, kind):
    """One that nobody has looked at yet speaks for itself."""
    assert kind is type(decided(change(signature=signature), CommitRules(signed=signed)))


@pytest.mark.parametrize(
    ("before", "after", "allowed", "expected"),
    [
        ("ab", "abc", False, Advance("3 experiments (+c)")),
        ("ab", "a", False, Advance("1 experiment (-b)")),
        ("a", "b", False, Advance("1 experiment (+b -a)")),
        ("", "", False, Advance("0 experiments")),
        ("a", "", True, Advance("0 experiments (-a)")),
        (
            "a",
            "",
            False,
            Refuse("it would remove the only experiment in force; --allow-removal-of-all takes it"),
        ),
        (
            "ab",
            "cd",
            False,
            Refuse("it would remove all 2 experiments in force; --allow-removal-of-all takes it"),
        ),
    ],
)
def test_a_commit_that_leaves_no_experiment_is_refused_unless_allowed(before, after, allowed, expected):
    """A single one may be given another name."""
    found = change(before=frozenset(before), after=frozenset(after))

    assert expected == decided(found, CommitRules(removal_of_all=allowed))


@pytest.mark.parametrize(
    ("namespaces", "told"),
    [
        (None, ""),
        (("lab", "lab"), ""),
        (("", ""), ""),
        (("lab", "other"), "from lab to other"),
        (("", "lab"), "from that of the root commit to lab"),
        (("lab", ""), "from lab to that of the root commit"),
    ],
)
def test_another_namespace_is_refused_whatever_is_allowed(namespaces, told):
    """Nobody would know what is pending under the one before; with no experiment, nothing would be bought."""
    everything = CommitRules(force_push=True, removal_of_all=True)
    decision = decided(change(namespaces=namespaces, after=frozenset("a")), everything)

    assert type(decision) is (Refuse if told else Advance)
    assert told in decision.reason
    assert Advance is type(decided(change(namespaces=namespaces, after=frozenset()), everything))


def test_files_that_cannot_be_used_are_refused_whatever_is_allowed():
    """As invalid, which is told apart."""
    everything = CommitRules(force_push=True, removal_of_all=True)

    assert Refuse("a.yaml:1:1: no", is_invalid=True) == decided(change(problems="a.yaml:1:1: no"), everything)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ada:secret@git.lab/x.git", "https://git.lab/x.git"),
        ("https://token@git.lab/x", "https://git.lab/x"),
        ("https://ada:p@ss@git.lab/x", "https://git.lab/x"),
        ("fatal: 'https://a:b@h/x/' not found", "fatal: 'https://h/x/' not found"),
        ("git@git.lab:x.git", "git@git.lab:x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_no_credentials_are_shown(text, expected):
    """Neither alone nor within what git says."""
    assert expected == shown(text)


def test_a_clone_has_its_place_by_repository_and_branch(tmp_path):
    """Whatever the credentials; a relative XDG_STATE_HOME is passed by, as its specification asks."""
    place = {"XDG_STATE_HOME": str(tmp_path)}
    known = clone_folder("https://a:b@git.lab/x.git", "main", place)

    assert known == clone_folder("https://git.lab/x.git", "main", place)
    assert known != clone_folder("https://git.lab/x.git", "next", place)
    assert (tmp_path / "runner" / "sync", True) == (known.parent, known.name.startswith("x-"))
    assert Path.home() in clone_folder("/srv/x", None, {"XDG_STATE_HOME": "state"}).parents


def test_what_is_in_force_is_remembered(tmp_path):
    """Whole; a file of somebody else is no memory."""
    path = tmp_path / "sync.json"
    applied = AppliedCommit(url="u", branch="main", commit="c", names=("a", "b"), results="out")
    before = read_applied(path)
    write_applied(path, applied)

    assert (None, applied) == (before, read_applied(path))
    for text in ("{", "[]", "{}", '{"names": [], "x": 1}'):
        path.write_text(text)
        with pytest.raises(GitError, match=r"is not what `runner sync` writes"):
            read_applied(path)


def test_two_do_not_keep_one_clone_current(tmp_path):
    """The second is told; when the first has ended, the lock is free."""
    path = tmp_path / ".runner" / "sync.lock"
    path.parent.mkdir()
    with locked(path), pytest.raises(GitError, match=r"another `runner sync` works in"), locked(path, 0):
        pytest.fail("both have it")
    with locked(path, 0) as descriptor:
        assert descriptor > 2

"""Where a job on record was measured: by its record, else by the manifests of older versions."""

from __future__ import annotations

import pytest
from builders import a_record

from runner.results.records.manifest_history import following, targets_said
from runner.results.records.sites import EMULATED, Site, elsewhere, not_at, was_here

QPU, OTHER = "pcs:fr/p", "pcs:fr/q"
NAMES = {"local": EMULATED, "pasqal": QPU, "other": OTHER}


def a_site(target):
    """A target of a repository that has three."""
    return Site(target=target, of_name=lambda name: NAMES.get(name, ""))


@pytest.mark.parametrize(
    ("target", "names", "at", "is_trusted", "is_proved"),
    [
        (EMULATED, ["pasqal"], EMULATED, True, True),
        (EMULATED, ["pasqal"], QPU, False, False),
        (QPU, [], OTHER, False, False),
        ("", ["local"], EMULATED, True, True),
        ("", ["local"], QPU, False, False),
        ("", ["pasqal"], EMULATED, False, False),
        ("", ["pasqal"], QPU, True, None),
        ("", ["pasqal"], OTHER, None, None),
        ("", ["local", "pasqal"], EMULATED, None, None),
        ("", ["local", "pasqal"], QPU, None, None),
        ("", ["forgotten"], EMULATED, None, None),
        ("", [], EMULATED, None, None),
        (not_at(QPU), ["pasqal"], QPU, False, False),
        (not_at(QPU), ["local"], EMULATED, True, True),
        (not_at(OTHER, not_at(QPU)), [], QPU, False, False),
        (not_at(OTHER, not_at(QPU)), [], OTHER, False, False),
        (not_at(OTHER, not_at(QPU)), [], EMULATED, None, None),
    ],
)
def test_a_record_says_it_else_what_is_proved_counts(target, names, at, is_trusted, is_proved):
    """A name is proof for a local cloud alone; of a remote one, only where nothing is bought by it."""
    manifest = None
    for name in names:
        manifest = following({"target": name}, manifest)
    job = a_record(target=target)

    assert (is_trusted, is_proved) == tuple(
        was_here(job, manifest, a_site(at), trusts_names=trusts) for trusts in (True, False)
    )


def test_what_newer_versions_buy_elsewhere_leaves_older_records_where_they_were():
    """The manifest keeps for which targets versions bought that did not say their service."""
    old = following({"target": "local"}, None)
    new = {"target": "pasqal", "service": QPU}
    again = {"target": "other", "service": OTHER}

    assert {"local"} == targets_said(old)
    assert {"local"} == targets_said(following(new, old))
    assert {"local"} == targets_said(following(again, following(new, old)))
    assert set() == targets_said(following(again, following(new, None)))


def test_one_target_alone_is_not_told_from_others():
    """As in a simulation."""
    assert was_here(a_record(target=""), None, Site(), trusts_names=False) is True


def test_jobs_that_were_measured_elsewhere_are_counted():
    """Target by target; not those of which a person has said only where they were not."""
    jobs = [a_record(f"j{n}", target=at) for n, at in enumerate([QPU, EMULATED, QPU, "", not_at(QPU)])]

    assert {QPU: 2} == elsewhere(jobs, a_site(EMULATED))

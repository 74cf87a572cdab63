"""--only and --exclude on every verb that takes files."""

from __future__ import annotations

import json

import commands
import pytest
from commands import said


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab of three experiments that is the working folder, and whose local cloud ends with the test."""
    lab = commands.a_lab(tmp_path / "lab", settings="[targets.local]\nidle_exit_s = 20\n")
    for name in ("pair-b", "other"):
        text = commands.EXPERIMENT.replace("name: pair", f"name: {name}")
        (lab / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(lab)
    yield lab
    commands.stop_local_cloud(lab / ".runner" / "local-cloud")


@pytest.mark.long
def test_every_verb_acts_on_what_is_chosen_alone(capsys, lab):
    """Planned, applied, shown, cancelled and validated."""
    chosen = ("--only", "pair*", "--exclude", "pair-b")
    planned = json.loads(said(capsys, "plan", *chosen, "-o", "json")[1])
    applied = json.loads(said(capsys, "apply", "specs", *chosen, "-o", "json")[1])
    status = json.loads(said(capsys, "status", *chosen, "-o", "json")[1])
    results = json.loads(said(capsys, "results", "specs", *chosen, "-o", "json")[1])
    validated = said(capsys, "validate", "specs", *chosen)
    cancelled = said(capsys, "cancel", "specs", "--yes", *chosen)
    rest = json.loads(said(capsys, "plan", "--exclude", "pair", "-o", "json")[1])

    assert [["pair"]] * 4 == [
        [each["experiment"] for each in planned],
        [each["experiment"] for each in applied["plans"]],
        [each["experiment"] for each in status],
        list(results),
    ]
    assert "specs/pair.yaml: fine: pair, 3 jobs, 150 runs\n" == validated[1]
    assert (0, "nothing is pending\n") == (cancelled[0], cancelled[2])
    assert [("other", 3), ("pair-b", 3)] == [(each["experiment"], each["cost"]["jobs"]) for each in rest]


def test_a_name_that_nobody_has_is_a_usage_error(capsys, lab):
    """64, with the nearest one; nothing is sent."""
    code, out, err = said(capsys, "apply", "specs", "--only", "pear")

    assert (64, "") == (code, out)
    assert "--only pear: no experiment is called so\nhint: did you mean pair?\n" == err
    assert not (lab / ".runner" / "targets").exists()

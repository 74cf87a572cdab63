"""What the files of a commit are worth, before it comes into force."""

from __future__ import annotations

import os

import commands
import pytest

from runner.project.sync.validate_commit import CommitReading, Judgement, judged

REMOTE = '[targets.far]\nurl = "http://127.0.0.1:9"\n'


def problems(folder, settings, **reading):
    """Why a lab with these settings cannot be used."""
    (folder / "runner.toml").write_text(settings, encoding="utf-8")
    return judged(folder, CommitReading(**reading)).problems


def test_files_in_order_give_their_names_and_what_the_settings_say(tmp_path):
    """Of one folder, if one is followed; a folder without experiments has none."""
    lab = commands.a_lab(tmp_path / "lab", settings='results = "out"\n')

    assert Judgement(names=frozenset({"pair"}), results="out", namespace="lab") == judged(
        lab, CommitReading()
    )
    assert frozenset() == judged(lab, CommitReading(path="elsewhere")).names
    assert frozenset({"pair"}) == judged(lab, CommitReading(path="specs")).names
    assert ("", "") == (problems(lab, ""), judged(lab, CommitReading()).namespace)


def test_problems_are_told_in_a_line_with_their_places_in_the_repository(tmp_path):
    """Whatever the folder in which they are judged."""
    text = commands.EXPERIMENT.replace("runs: 50", "runs: -1")
    lab = commands.a_lab(tmp_path / "lab", experiment=text)

    assert "specs/pair.yaml:14:13: expected at least 1, not -1" == judged(lab, CommitReading()).problems


@pytest.mark.parametrize("results", [".", "..", "/tmp/x", "a/../../b", ".runner", ".git/x", ""])
def test_records_have_a_folder_of_their_own_in_the_repository(tmp_path, results):
    """All else in the clone may be overwritten."""
    lab = commands.a_lab(tmp_path / "lab")

    assert "is no folder of its own in the repository" in problems(lab, f'results = "{results}"\n')


def test_a_commit_that_names_another_target_spends_nothing_unasked(tmp_path):
    """As long as nobody has said that it may."""
    lab = commands.a_lab(tmp_path / "lab")
    settings = f'target = "far"\n{REMOTE}'

    assert "the target far is spent on unasked only with --yes" == problems(lab, settings)
    assert "" == problems(lab, settings, spends=True)
    assert "" == problems(lab, settings, target="local")


def test_a_commit_is_read_where_its_settings_say_unless_a_path_is_said(tmp_path):
    """Examples elsewhere are no experiments, and may be broken; a folder that is not there is a problem."""
    lab = commands.a_lab(tmp_path / "lab", settings='experiments = ["specs"]\n')
    (lab / "docs").mkdir()
    (lab / "docs" / "broken.yaml").write_text("kind: Experiment\na: [1\n", encoding="utf-8")

    assert frozenset({"pair"}) == judged(lab, CommitReading()).names
    assert "docs/broken.yaml:3:1: this is not YAML" in judged(lab, CommitReading(path="docs")).problems
    assert (
        "runner.toml: `experiments` names spec, and there is no such folder (mend runner.toml, or make the"
        " folder (git keeps none that is empty))"
    ) == problems(lab, 'experiments = ["spec"]\n')


@pytest.mark.parametrize("name", ["runner.toml", "specs"])
def test_what_a_link_leads_to_outside_is_not_read(tmp_path, name):
    """Settings and experiments are those of the commit, which somebody has reviewed."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / name).rename(tmp_path / "outside")
    (lab / name).symlink_to(tmp_path / "outside")

    told = judged(lab, CommitReading(path="specs"))

    assert Judgement(problems=f"{name}: is a link that leads out of the repository") == told


def test_records_are_not_written_through_a_link(tmp_path):
    """Not even by that of one experiment; within the folder a link may lead anywhere."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / "results" / "old").mkdir(parents=True)
    (lab / "results" / "newest").symlink_to("old")
    within = judged(lab, CommitReading()).problems
    (lab / "results" / "pair").symlink_to(tmp_path)

    assert ("", "results/pair: is a link that leads out of the folder of the records") == (
        within,
        judged(lab, CommitReading()).problems,
    )


def test_of_many_problems_the_first_are_told(tmp_path):
    """A line of a log, or of a chat, holds no hundred of them."""
    lab = commands.a_lab(tmp_path / "lab")
    for number in range(7):
        (lab / "specs" / f"half-{number}.yaml").write_text("apiVersion: runner/v1\nkind: Experiment\n")
    told = judged(lab, CommitReading(path="specs")).problems.split("; ")

    assert [f"specs/half-{number}.yaml" for number in (0, 0, 1, 1, 2)] == [each[:17] for each in told[:5]]
    assert ["and 9 more, which `runner validate` tells"] == told[5:]


def test_a_file_whose_name_is_no_text_is_told(tmp_path):
    """Git takes any bytes; a newline is among the names that can be used."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / "specs" / "pair.yaml").rename(lab / "specs" / "a\nb.yaml")
    used = judged(lab, CommitReading())
    (lab / "specs" / "a\nb.yaml").rename(lab / "specs" / os.fsdecode(b"\xff.yaml"))

    assert Judgement(names=frozenset({"pair"}), namespace="lab") == used
    assert (
        "specs/\\xff.yaml: the name is not UTF-8 (rename the file)" == judged(lab, CommitReading()).problems
    )

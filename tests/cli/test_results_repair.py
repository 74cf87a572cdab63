"""`runner results --repair`: records as git, editors and older versions leave them."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_record
from measured_labs import a_measured_lab
from own_git import HERMETIC, git

from runner.cli import main
from runner.results import Records, record_line


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab in git with three jobs on record, all of it committed."""
    for name, value in HERMETIC.items():
        monkeypatch.setenv(name, value)
    lab = a_measured_lab(tmp_path / "lab")
    git(lab, "init", "--quiet", "--initial-branch=main")
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "-m", "Measure")
    monkeypatch.chdir(lab)
    return lab


def repaired(capsys, *words):
    """Exit code and what was said, without the time in it."""
    code = main(["results", "specs", "--repair", *words])
    out = capsys.readouterr().out
    return code, re.sub(r"repaired/[\d-]+/", "repaired/NOW/", re.sub(r"[0-9a-f]{16}", "RECIPE", out))


def lines(lab):
    """What is on record, line by line, of all names."""
    files = sorted((lab / "results").rglob("*.jsonl"))
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def record_of(lab):
    """The one file of records."""
    (file,) = (lab / "results").rglob("*.jsonl")
    return file


ALL_WELL = "pair: 3 jobs in 1 file; all as it was recorded\n"
FILE = "results/pair/RECIPE/b1.jsonl"
KEPT = "before: .runner/repaired/NOW/pair/RECIPE"
TAKEN = f"{{}} on record elsewhere too, taken away; {KEPT}/b1.jsonl"
SPARE = "that was empty or a mark of a conflict in git, taken away"


def with_conflict(lab, text):
    """A merge that met another side, of which somebody committed everything."""
    first, *rest = text.splitlines(keepends=True)
    return f"<<<<<<< HEAD\n{first}{''.join(rest)}=======\n{first}>>>>>>> other\n"


DAMAGES = {
    "nothing": (lambda _, text: text, "pair: nothing to repair\n"),
    "a conflict": (
        with_conflict,
        f"{FILE}: 3 lines {SPARE}; {KEPT}/b1.jsonl\n{FILE}: {TAKEN.format('1 job that is')}\n",
    ),
    "a byte order mark and other ends of lines": (
        lambda _, text: "\ufeff" + text.replace("\n", "\r\n"),
        f"{FILE}: 1 line without the marks that an editor put around it; {KEPT}/b1.jsonl\n",
    ),
    "half a last line": (
        lambda _, text: text[:-100],
        f"{FILE}: 1 line put back as git has it; {KEPT}/b1.jsonl\n",
    ),
    "a changed line": (
        lambda _, text: text.replace('"00": ', '"00": 1', 1),
        f"{FILE}: 1 line put back as git has it; {KEPT}/b1.jsonl\n",
    ),
    "nothing in it": (
        lambda _, __: "",
        f"{FILE}: 3 lines put back as git has it; {KEPT}/b1.jsonl\n",
    ),
    "bytes that are no text": (
        lambda _, text: text.replace("t_ns=100", "t_ns=\udcff00", 1),
        f"{FILE}: 1 line put back as git has it; {KEPT}/b1.jsonl\n",
    ),
    "empty lines": (lambda _, text: "\n" + text + "\n\n", f"{FILE}: 3 lines {SPARE}; {KEPT}/b1.jsonl\n"),
    "a half copy of a line": (
        lambda _, text: text + text[: text.index("\n") - 80] + "\n",
        f"{FILE}: 1 line that was broken, taken away: its job is there; {KEPT}/b1.jsonl\n",
    ),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_mended_and_kept_as_it_was(lab, capsys, damage, said):
    """What is known of it is put back; verify has nothing to say after it."""
    file = record_of(lab)
    before = file.read_text(encoding="utf-8")
    broken = damage(lab, before).encode("utf-8", "surrogateescape")
    file.write_bytes(broken)
    told = repaired(capsys)
    kept = [each.read_bytes() for each in (lab / ".runner" / "repaired").rglob("*.jsonl")]

    assert (0, said + ALL_WELL) == told
    assert [broken] * ("before" in said) == kept
    assert before == file.read_text(encoding="utf-8")


def test_a_broken_line_of_which_nothing_is_known_stays(lab, capsys):
    """It may be the only trace of what was measured: verify goes on telling it."""
    file = record_of(lab)
    text = file.read_text(encoding="utf-8")
    file.write_text(text + record_line(a_record("j9", recipe=file.parent.name))[:-40] + "\n", "utf-8")
    broken = file.read_bytes()
    code, out = repaired(capsys)

    assert (1, "pair: nothing to repair of what is known") == (code, out.splitlines()[0])
    assert broken == file.read_bytes()


def test_a_job_on_record_under_a_former_name_is_kept_under_the_present_one(lab, capsys):
    """With its result, which only the former one had; what lay beside it moves along."""
    file, records = record_of(lab), Records(lab / "results")
    recipe, complete = file.parent.name, lines(lab)
    jobs = records.of_experiment("pair")
    records.add("old", jobs)
    records.add_serialised("old", jobs[0], "{}")
    records.write_manifest("old", recipe, records.manifest("pair", recipe))
    records.add("pair", [replace(jobs[0], counts={}, errors=("away",))])
    code, out = repaired(capsys)
    moved = (file.with_suffix("") / "j0.pulser.json").read_text(encoding="utf-8")

    assert (1, complete, "{}") == (code, lines(lab), moved)
    assert [
        f"{FILE}: results put in that a copy had; {KEPT}/b1.jsonl",
        f"{FILE}: {TAKEN.format('3 jobs that are')}".replace("/pair/", "/old/"),
        "results/pair/RECIPE/b1/j0.pulser.json: these are no results of Pulser: KeyError: 'tagmap'",
        "pair: 3 jobs in 1 file; 1 flaw",
    ] == out.splitlines()
    assert complete == [
        line
        for kept in (lab / ".runner" / "repaired").rglob("old/*/b1.jsonl")
        for line in kept.read_text(encoding="utf-8").splitlines()
    ]


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("kept", "put back from a copy"),
        ("git", "put back as git has it"),
        ("none", "made from the file, and says so under `rebuilt`"),
    ],
)
@pytest.mark.parametrize("text", [None, "{", "<<<<<<< HEAD\n{}"])
def test_a_manifest_that_is_missing_or_broken_is_put_back(lab, capsys, history, said, text):
    """As it was, where a copy or git has it; a broken one is kept beside."""
    (path,) = (lab / "results").rglob("manifest.json")
    before = json.loads(path.read_text(encoding="utf-8"))
    if history != "kept":
        shutil.rmtree(lab / ".runner" / "manifests")
    if history == "none":
        shutil.rmtree(lab / ".git")
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    told = repaired(capsys)
    after = json.loads(path.read_text(encoding="utf-8"))

    kept = f"; {KEPT}/manifest.json" if text else ""
    assert (0, f"results/pair/RECIPE/manifest.json: {said}{kept}\n{ALL_WELL}") == told
    assert history == "none" or before == after
    assert (history == "none") == ("rebuilt" in after)


def test_what_two_records_say_differently_is_left_to_people(lab, capsys):
    """Both are as they were recorded, so that nothing tells which is right."""
    file, records = record_of(lab), Records(lab / "results")
    job = records.of_experiment("pair")[0]
    records.add("old", [replace(job, counts={"00": job.runs})])
    records.write_manifest("old", file.parent.name, records.manifest("pair", file.parent.name))
    code, out = repaired(capsys)

    assert (1, ["pair: nothing to repair of what is known", "pair: 4 jobs in 2 files; 1 flaw"]) == (
        code,
        out.splitlines()[::2],
    )
    assert out.splitlines()[1].endswith("job j0 is on record twice, with another `counts`: see b1.jsonl:1")


def test_repairs_are_data_too(lab, capsys):
    """With path, message, and where the file is as it was before."""
    file = record_of(lab)
    file.write_text("\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert 0 == main(["results", "specs", "--repair", "-o", "json"])
    (repair,) = json.loads(capsys.readouterr().out)["pair"]["repairs"]

    assert (str(file), f"1 line {SPARE}") == (repair["path"], repair["message"])
    assert b"\n" == Path(repair["kept"]).read_bytes()[:1]

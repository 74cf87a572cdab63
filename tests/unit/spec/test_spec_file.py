"""An experiment file that is in order: what it holds, and files that it names."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from texts import GOOD, JOBS, changed, with_jobs

from runner import domain
from runner.errors import SpecError
from runner.spec import load, parse
from runner.spec.models.policy import Policy

REPRESENTATION = {
    "device": "any",
    "register": [],
    "operations": [],
    "variables": {"t_ns": {"type": "int", "value": [0]}, "v": {"type": "float", "value": [0.0, 0.0]}},
}
COMPANION = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: rabi}
spec:
  device_type: EMU_FREE
  sequence: {file: %s}
  jobs:
    - {runs: 100, variables: {t_ns: 500, v: [1, 2]}}
"""


def written(folder, name, content):
    """A file in a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def complaint(path, root):
    """The one problem of a file: (line, column, message, hint)."""
    with pytest.raises(SpecError) as caught:
        load(path, root=root, shown_as="x.yaml")
    (problem,) = caught.value.problems
    assert problem.path == "x.yaml"
    return problem.line, problem.column, problem.message, problem.hint


def test_defaults_are_those_of_the_domain():
    """A file without a policy has the policy that everybody assumes."""
    spec = parse(GOOD, path="x.yaml").experiment.spec

    assert spec.policy.as_desired() == domain.Policy()
    assert (spec.tags, spec.rerun) == ((), 0)


def test_a_policy_is_read_into_the_words_of_the_domain():
    """Every field of the policy arrives."""
    policy = (
        "  policy: {runs: exact, batch: open, prune: cancel, supersede: keep, submission: direct, "
        "retry: {limit: 1, on: [ERROR, CANCELED], errors: [time, '^x'], backoff_s: 5}, "
        "on_unknown_submission: hold, shortfall: buy, budget: {runs: 20000, jobs: 5, qpu_s: 60}, "
        "suspend: true, deadline: 2026-03-01T12:00:00+01:00, depends_on: [a-1, b], max_failed: 3, "
        "max_jobs_per_batch: 50}\n"
        "  jobs:\n"
    )

    spec = parse(changed("  jobs:\n", policy), path="x.yaml").experiment.spec

    assert spec.policy.as_desired() == domain.Policy(
        runs=domain.RunsMode.EXACT,
        batch=domain.BatchMode.OPEN,
        retry=domain.Retry(
            limit=1,
            on=(domain.JobStatus.ERROR, domain.JobStatus.CANCELED),
            errors=("time", "^x"),
            backoff_s=5.0,
        ),
        prune=domain.Surplus.CANCEL,
        supersede=domain.Surplus.KEEP,
        submission=domain.Submission.DIRECT,
        on_unknown_submission=domain.OnUnknown.HOLD,
        shortfall=domain.Shortfall.BUY,
        budget=domain.Budget(runs=20000, jobs=5, qpu_s=60.0),
        deadline=datetime(2026, 3, 1, 11, tzinfo=UTC),
        suspend=True,
        depends_on=("a-1", "b"),
        max_failed=3,
        max_jobs_per_batch=50,
    )


def test_defaults_stand_where_the_file_says_nothing():
    """Key by key, also inside of retry and budget."""
    defaults = Policy.model_validate({"retry": {"limit": 7, "backoff_s": 1}, "prune": "cancel"})
    policy = "  policy: {retry: {limit: 1}, budget: {runs: 5}}\n  jobs:\n"

    spec = parse(changed("  jobs:\n", policy), path="x.yaml").with_defaults(defaults).experiment.spec

    assert spec.policy.as_desired() == domain.Policy(
        retry=domain.Retry(limit=1, backoff_s=1.0),
        prune=domain.Surplus.CANCEL,
        budget=domain.Budget(runs=5),
    )


def test_the_expanded_file_says_everything():
    """Defaults and jobs are spelled out, as plain data that survives JSON."""
    sweep = "    - {runs: 100, sweep: {omega: 6.28, t_ns: [100, 200]}}\n"

    expanded = parse(changed(JOBS, sweep), path="x.yaml").expanded()

    assert json.loads(json.dumps(expanded)) == expanded
    assert expanded == {
        "apiVersion": "runner/v1",
        "kind": "Experiment",
        "metadata": {"name": "rabi", "description": "", "labels": {}},
        "spec": {
            "device_type": "EMU_FREE",
            "sequence": {
                "device": "MockDevice",
                "register": {"chain": {"n_qubits": 2, "spacing_um": 6.0}},
                "channels": {"drive": "rydberg_global"},
                "variables": {"omega": "float", "t_ns": "int"},
                "operations": [
                    {
                        "pulse": {
                            "channel": "drive",
                            "amplitude": "omega",
                            "detuning": 0.0,
                            "duration_ns": "t_ns",
                            "phase": 0.0,
                            "post_phase_shift": 0.0,
                            "protocol": "min-delay",
                        }
                    },
                    {"measure": "ground-rydberg"},
                ],
            },
            "jobs": [
                {"name": "t_ns=100", "runs": 100, "variables": {"omega": 6.28, "t_ns": 100}},
                {"name": "t_ns=200", "runs": 100, "variables": {"omega": 6.28, "t_ns": 200}},
            ],
            "policy": {
                "runs": "top-up",
                "batch": "closed",
                "retry": {"limit": 2, "on": ["ERROR"], "errors": [], "backoff_s": 30.0},
                "prune": "keep",
                "supersede": "cancel",
                "submission": "claim",
                "shortfall": "keep",
                "on_device_change": "hold",
                "budget": {},
                "suspend": False,
                "depends_on": [],
            },
            "tags": [],
            "rerun": 0,
        },
    }


@pytest.mark.parametrize(
    ("rerun", "expected"),
    [
        ("2", [2, 2]),
        ("{}", [0, 0]),
        ("{all: 2}", [2, 2]),
        ("{jobs: {b: 1}}", [0, 1]),
        ("{all: 2, jobs: {b: 1, a: 0}}", [2, 3]),
    ],
)
def test_the_rerun_of_a_job_is_that_of_all_and_its_own(rerun, expected):
    """One number is for all."""
    text = with_jobs(
        "{name: a, runs: 100, variables: {omega: 1, t_ns: 500}}",
        "{name: b, runs: 100, variables: {omega: 2, t_ns: 500}}",
    )
    file = parse(text.replace("  jobs:\n", f"  rerun: {rerun}\n  jobs:\n"), path="x.yaml")

    assert expected == [file.experiment.spec.rerun_of(job.name) for job in file.jobs]


def test_the_digest_is_of_the_texts():
    """The digest tells texts apart, and does not depend on what the file is called."""
    one, same, other = (
        parse(GOOD, path="a.yaml"),
        parse(GOOD, path="b.yaml"),
        parse(GOOD + "# more\n", path="a.yaml"),
    )

    assert one.digest == same.digest
    assert one.digest != other.digest


def test_a_sequence_file_stands_beside_the_experiment_file(tmp_path):
    """The path starts at the experiment file, and the variables come from the sequence."""
    written(tmp_path, "specs/seq/rabi.json", json.dumps(REPRESENTATION))
    path = written(tmp_path, "specs/x.yaml", COMPANION % "seq/rabi.json")

    file = load(path, root=tmp_path)

    assert json.loads(file.sequence_text) == REPRESENTATION
    assert file.path == str(path)
    assert [job.variables for job in file.jobs] == [{"t_ns": 500, "v": [1.0, 2.0]}]


def test_variables_of_a_sequence_file_are_checked(tmp_path):
    """A job is held against the variables of its sequence file."""
    written(tmp_path, "rabi.json", json.dumps(REPRESENTATION))
    path = written(tmp_path, "x.yaml", (COMPANION % "rabi.json").replace("t_ns: 500", "t_ms: 500"))

    assert complaint(path, tmp_path) == (8, 31, "the sequence has no variable t_ms", "did you mean t_ns?")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../outside.json", "../outside.json is outside of the repository"),
        ("/etc/hostname", "/etc/hostname is outside of the repository"),
        ("link.json", "link.json is outside of the repository"),
        ('"a\\0b"', "a\0b is no path of a file"),
        ("none.json", "none.json: there is no such file"),
        ("folder", "folder: there is no such file"),
        ("bad.json", "bad.json: it is not JSON: Expecting property name enclosed in double quotes on line 2"),
        ("nan.json", "nan.json: it holds NaN, which is no number in JSON"),
        ("deep.json", "deep.json: it is nested too deep"),
        ("list.json", "list.json: it is JSON, but not the abstract representation of a sequence"),
        ("odd.json", "odd.json: its variables can't be read"),
        ("latin.json", "latin.json: the file is not UTF-8"),
    ],
)
def test_sequence_files_that_cannot_be_used_are_refused(tmp_path, name, message):
    """Nothing outside of the repository is read, and what is no sequence is refused where it is named."""
    root = tmp_path / "repository"
    written(tmp_path, "outside.json", json.dumps(REPRESENTATION))
    written(root, "bad.json", "{\n]")
    written(root, "nan.json", '{"a": NaN}')
    written(root, "deep.json", "[" * 200_000)
    written(root, "list.json", "[]")
    written(root, "odd.json", json.dumps(REPRESENTATION | {"variables": {"t": 3}}))
    (root / "latin.json").write_bytes(b'{"a": "\xe9"}')
    (root / "folder").mkdir()
    (root / "link.json").symlink_to(tmp_path / "outside.json")
    path = written(root, "x.yaml", COMPANION % name)

    assert complaint(path, root)[:3] == (6, 20, message)


def test_a_root_that_is_a_link_is_no_obstacle(tmp_path):
    """Links are resolved on both sides before they are compared."""
    real = tmp_path / "real"
    written(real, "rabi.json", json.dumps(REPRESENTATION))
    written(real, "x.yaml", COMPANION % "rabi.json")
    (tmp_path / "link").symlink_to(real)

    assert load(tmp_path / "link" / "x.yaml", root=tmp_path / "link").jobs


def test_text_that_is_nowhere_names_no_files():
    """Without a folder, a sequence file can't be opened."""
    with pytest.raises(SpecError, match=r"rabi\.json can't be opened from here"):
        parse(COMPANION % "rabi.json", path="x.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"kind: \xff", (1, 7, "the file is not UTF-8", "")),
        ("a: µ\nb: \xe9".encode()[:-1], (2, 4, "the file is not UTF-8", "")),
        ("kind: x".encode("utf-16"), (1, 1, "the file is not UTF-8", "")),
    ],
)
def test_files_in_another_encoding_are_refused(tmp_path, content, expected):
    """The place of the first byte that is not UTF-8 is named."""
    path = tmp_path / "x.yaml"
    path.write_bytes(content)

    assert complaint(path, tmp_path) == expected


def test_a_byte_order_mark_is_no_content(tmp_path):
    """Editors that write a byte order mark are welcome."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load(path, root=tmp_path).experiment.metadata.name == "rabi"


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    """A missing file, and a folder, are problems like any other."""
    assert complaint(tmp_path / "none.yaml", tmp_path) == (1, 1, "there is no such file", "")
    assert complaint(tmp_path, tmp_path) == (1, 1, "there is no such file", "")


@pytest.mark.parametrize(
    "wrapped",
    [
        {"sequence_builder": json.dumps(REPRESENTATION), "jobs": []},
        {"sequence": json.dumps(REPRESENTATION), "job_runs": 100},
        {"sequence": REPRESENTATION},
    ],
    ids=["batch", "qrmi", "object"],
)
def test_a_sequence_that_other_tools_have_wrapped_is_read(tmp_path, wrapped):
    """The representation inside counts."""
    written(tmp_path, "rabi.json", json.dumps(wrapped))
    path = written(tmp_path, "x.yaml", COMPANION % "rabi.json")

    assert REPRESENTATION == json.loads(load(path, root=tmp_path).sequence_text)

"""The pipeline for GitLab, run line by line in real repositories; its API is a server on this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import commands
import pytest
from gitlab_scripts import due_jobs, notes_api, run_script
from service_lab import LESS, ROOT, ServiceLab, git

PIPELINE = ROOT / "runner" / "project" / "scaffold" / "workflows" / "gitlab.yaml"
MARKER = "<!-- runner plan -->"
OTHER = commands.EXPERIMENT.replace("pair", "two")
TOKEN = "t0ken;$(x)"


class Done(NamedTuple):
    """How a job ended, and the folders that it had."""

    code: int
    printed: str
    work: Path
    temp: Path


class GitLab(ServiceLab):
    """The service, with one merge request."""

    def __init__(self, folder, short):
        super().__init__(folder)
        self.machines, self.short, self.runs = folder / "machines", short, 0

    def run(self, commit, **variables):
        """Runs the jobs that are due for a commit; answers how each ended."""
        self.runs += 1
        done = {}
        for name, job in due_jobs(PIPELINE, variables).items():
            folder = self.machines / str(self.runs) / name
            work, temp = folder / "work", self.short / f"{self.runs}{name}"
            for each in (work, temp):
                each.mkdir(parents=True)
            if job["variables"].get("GIT_STRATEGY") != "none":
                self.check_out(work, commit)
            url = f"file://{self.remote}".removesuffix(".git")
            given = {"CI_COMMIT_SHA": commit, "CI_PROJECT_URL": url, "TMPDIR": str(temp)}
            done[name] = Done(*run_script(job, work, self.environ | given | variables), work, temp)
        return done

    def check_out(self, work, commit):
        """As GitLab does where GIT_DEPTH is 0; other jobs have no use for history."""
        git(work, "init", "--quiet")
        git(work, "remote", "add", "origin", f"file://{self.remote}")
        git(work, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
        git(work, "checkout", "--quiet", "--force", "--detach", commit)

    def merge_request(self, head, **variables):
        """Runs the pipeline of a merge request."""
        return self.run(
            head,
            CI_PIPELINE_SOURCE="merge_request_event",
            CI_MERGE_REQUEST_DIFF_BASE_SHA=git(self.work, "merge-base", "origin/main", head),
            CI_MERGE_REQUEST_IID="1",
            CI_PROJECT_ID="5",
            **variables,
        )


@pytest.fixture
def gitlab(tmp_path):
    """The service, with one job to be bought; its clouds end with the test.

    Temporary folders of its machines have short names: sockets in them can have no long ones.
    """
    with TemporaryDirectory(prefix="ci") as short:
        service = GitLab(tmp_path, Path(short))
        service.push("main", pair=LESS)
        yield service
        service.end(Path(short))


@pytest.mark.long
def test_a_merge_request_has_one_note_which_is_kept_current(gitlab):
    """Found again behind a page of others, one of whom writes under our mark."""
    stranger = {"id": 7, "author": {"id": 2}, "body": f"{MARKER}\nmine"}
    notes = [dict(stranger, id=at) for at in range(105)]
    git(gitlab.work, "checkout", "--quiet", "-b", "topic")
    with notes_api(notes, TOKEN) as url:
        given = {"CI_API_V4_URL": url, "EXPERIMENTS_NOTE_TOKEN": TOKEN}
        first = gitlab.merge_request(gitlab.push("topic", two=OTHER), **given)
        begun = [dict(each) for each in notes[105:]]
        second = gitlab.merge_request(gitlab.push("topic", three=OTHER.replace("two", "three")), **given)
    codes = [[job.code for job in jobs.values()] for jobs in (first, second)]
    plan = (second["experiments-plan"].work / "plan.md").read_text(encoding="utf-8")

    assert ["experiments-check", "experiments-plan"] == list(first)
    assert [[0, 0], [0, 0]] == codes, (first, second)
    assert [True, False] == ["two" in begun[0]["body"], "three" in begun[0]["body"]]
    assert [(begun[0]["id"], plan)] == [(each["id"], each["body"]) for each in notes[105:]]
    assert "three" in plan
    assert plan.startswith(f"{MARKER}\n")


@pytest.mark.long
def test_without_a_token_the_plan_is_an_artifact_and_a_broken_file_is_red(gitlab):
    """As in a merge request from a fork; no name is run."""
    git(gitlab.work, "checkout", "--quiet", "-b", "$(touch${IFS}pwned)")
    hostile = {"$(touch pwned)": OTHER, ";touch pwned;": OTHER.replace("two", "three")}
    jobs = gitlab.merge_request(gitlab.push("topic", pair=commands.EXPERIMENT[:200], **hostile))
    plan = jobs["experiments-plan"].work / "plan.md"

    assert [1, 1] == [job.code for job in jobs.values()]
    assert plan.read_text(encoding="utf-8").startswith(f"{MARKER}\n")
    assert [] == list(gitlab.folder.rglob("pwned"))


@pytest.mark.long
def test_what_is_merged_is_bought_and_recorded(gitlab):
    """By the pipeline of the push; that of the schedule is the same command."""
    given = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    done = gitlab.run(git(gitlab.remote, "rev-parse", "main"), CI_PIPELINE_SOURCE="push", **given)
    apply = done.pop("experiments-apply")

    assert ({}, 0, 1) == (done, apply.code, apply.printed.count("AddJobs")), apply
    assert 1 == gitlab.jobs_on_record()


@pytest.mark.parametrize(("code", "exits"), [(0, 0), (1, 1), (3, 3), (4, 4), (5, 0)])
def test_an_apply_is_red_only_where_somebody_has_to_do_something(tmp_path, code, exits):
    """Failed jobs are a warning: a code that the job is allowed to end with."""
    (tmp_path / "runner").write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    (tmp_path / "runner").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CI_PROJECT_URL": "file:///nowhere"}
    given = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    job = due_jobs(PIPELINE, given)["experiments-apply"]

    assert exits == run_script(job, tmp_path, environ | {"TMPDIR": str(tmp_path)})[0]
    assert {"exit_codes": [3]} == job["allow_failure"]


@pytest.mark.parametrize("source", ["push", "merge_request_event", "web", "schedule"])
def test_nothing_is_bought_for_another_branch(source):
    """Only the default branch applies, one pipeline after the other."""
    given = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "topic", "CI_DEFAULT_BRANCH": "main"}

    assert "experiments-apply" not in due_jobs(PIPELINE, given)


@pytest.mark.parametrize(
    ("given", "password"),
    [({"EXPERIMENTS_PUSH_TOKEN": TOKEN}, TOKEN), ({"CI_JOB_TOKEN": "job"}, "job")],
    ids=["own", "job"],
)
def test_git_is_given_a_token_and_it_stands_in_no_file(tmp_path, given, password):
    """That of the project, else that of the job."""
    known = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    script = due_jobs(PIPELINE, known)["experiments-apply"]["script"][0]
    done = subprocess.run(
        ["bash", "-ec", f"{script}\ngit credential fill"],
        input="protocol=https\nhost=git.example.org\n\n",
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)} | given,
        capture_output=True,
        text=True,
        check=True,
    )

    assert {f"password={password}", "username=gitlab-ci-token"} <= set(done.stdout.splitlines())
    assert [] == list(tmp_path.iterdir())

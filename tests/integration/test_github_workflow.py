"""The workflow for GitHub, run step by step in real repositories; GitHub is a folder and a fake `gh`."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import commands
import pytest
import yaml
from github_steps import Event, run_script, run_workflow
from service_lab import LESS, ROOT, ServiceLab, git

WORKFLOW = ROOT / "runner" / "project" / "scaffold" / "workflows" / "github.yaml"
MARKER = "<!-- runner plan -->"
BOT = "github-actions[bot]"
OTHER = commands.EXPERIMENT.replace("pair", "two")
# Names that a careless script would run.
HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    ";touch pwned;",
    "'\"$(touch pwned)",
    "${{ github.token }}",
    "--help",
]


class GitHub(ServiceLab):
    """The service, with one pull request."""

    def __init__(self, folder):
        super().__init__(folder)
        self.book, self.machines = folder / "comments.json", folder / "machines"
        self.runs = 0
        self.keep([{"id": 7, "user": "mallory", "body": f"{MARKER}\nmine"}])
        fake = Path(__file__).with_name("fake_gh.py")
        self.tool("gh", f'exec {shlex.quote(sys.executable)} {shlex.quote(str(fake))} "$@"')

    def keep(self, comments):
        """The comments of the pull request from now on."""
        self.book.write_text(json.dumps(comments), encoding="utf-8")

    @property
    def plans(self):
        """The comments of our bot."""
        comments = json.loads(self.book.read_text(encoding="utf-8"))
        return [each["body"] for each in comments if each["user"] == BOT]

    def run(self, event, *, only=None, **known):
        """Runs the workflow, or only some jobs of it; answers its jobs by id."""
        self.runs += 1
        environ = self.environ | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "lab/experiments",
            "GITHUB_SERVER_URL": f"file://{self.folder}",
            "GITHUB_WORKSPACE": "",
            "FAKE_GH": str(self.book),
        }
        given = {
            "github.event_name": event,
            "github.repository": "lab/experiments",
            "github.token": "token-of-the-job",
            **dict.fromkeys(
                ("secrets.PASQAL_USERNAME", "secrets.PASQAL_PASSWORD", "secrets.PASQAL_TOKEN"), ""
            ),
        }
        commit = known.pop("commit", "")
        happened = Event(given | known, environ, self.remote, commit)
        return run_workflow(WORKFLOW, happened, self.machines / str(self.runs), only=only)

    def pull_request(self, head, *, only=None, **known):
        """Runs it for a pull request whose newest commit is `head`; by default of the same repository."""
        base = git(self.remote, "rev-parse", "main")
        merge = self.merged(base, head)
        return self.run(
            "pull_request",
            only=only,
            commit=merge,
            **{
                "github.event.pull_request.number": 1,
                "github.event.pull_request.base.sha": base,
                "github.event.pull_request.head.sha": head,
                "github.event.pull_request.head.repo.full_name": "lab/experiments",
            }
            | known,
        )

    def merged(self, base, head):
        """The commit that GitHub makes of a pull request, under its own name."""
        tree = git(self.work, "merge-tree", "--write-tree", base, head)
        merge = git(self.work, "commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")
        git(self.work, "push", "--quiet", "--force", "origin", f"{merge}:refs/pull/1/merge")
        return merge


@pytest.fixture
def github(tmp_path):
    """The service, with one job to be bought; its clouds end with the test."""
    service = GitHub(tmp_path)
    service.push("main", pair=LESS)
    yield service
    service.end()


@pytest.mark.long
def test_a_pull_request_has_one_comment_which_is_kept_current(github):
    """Made the first time, updated the second; what others write under our mark stays theirs."""
    git(github.work, "checkout", "--quiet", "-b", "topic")
    first = github.pull_request(github.push("topic", two=OTHER))
    begun = github.plans
    head = github.push("topic", three=OTHER.replace("two", "three"))
    second = github.pull_request(head, only=["plan"])
    now = github.plans

    assert {"check": [], "plan": []} == {name: job.failed for name, job in first.items()}, first
    assert {"plan": []} == {name: job.failed for name, job in second.items()}, second
    assert [1, 1] == [len(begun), len(now)]
    assert [True, False] == ["three" in text for text in (*now, *begun)]
    assert all(text.startswith(f"{MARKER}\n") and "two" in text for text in (*begun, *now))
    assert now[0] == second["plan"].summary
    assert not list(github.folder.rglob("local-cloud"))


@pytest.mark.long
def test_a_plan_knows_what_is_on_record(github):
    """From the branch of the records, though no cloud is asked: of two jobs one is done."""
    code, _, err = commands.run(github.work, "apply", "specs")
    assert code == 0, err
    git(github.work, "add", "results")
    tree = git(github.work, "write-tree", "--prefix=results/")
    listed = subprocess.run(
        ["git", "-C", github.work, "mktree"],
        input=f"040000 tree {tree}\tresults\n",
        capture_output=True,
        text=True,
        check=True,
    )
    records = git(github.work, "commit-tree", listed.stdout.strip(), "-m", "Records")
    git(github.work, "push", "--quiet", "origin", f"{records}:refs/heads/results")
    git(github.work, "reset", "--quiet")
    shutil.rmtree(github.work / "results")
    head = github.push("topic", pair=LESS.replace("[100]", "[100, 200]"))
    plan = github.pull_request(head, only=["plan"])["plan"]

    assert [] == plan.failed, plan
    assert "1 job, 50 runs" in plan.summary
    assert "1 of 2" in plan.summary


@pytest.mark.long
def test_a_broken_file_is_annotated_and_still_has_its_plan(github):
    """Both jobs are red, and the comment says why."""
    git(github.work, "checkout", "--quiet", "-b", "topic")
    jobs = github.pull_request(github.push("topic", pair=commands.EXPERIMENT.replace("t_ns: [", "t_s: [")))

    assert ["Do they validate?: 1"] == jobs["check"].failed
    assert "::error file=specs/pair.yaml,line=15,col=15::" in jobs["check"].printed
    assert ["Plan: 1"] == jobs["plan"].failed
    assert "pair" in github.plans[0]


@pytest.mark.long
def test_a_pull_request_from_a_fork_has_a_plan_in_the_summary_and_no_hostile_name_is_run(github):
    """It has no secrets and may not comment: that is not tried."""
    git(github.work, "checkout", "--quiet", "-b", "$(touch${IFS}pwned)")
    hostile = {name: OTHER.replace("two", f"n{at}") for at, name in enumerate(HOSTILE)}
    head = github.push("topic", broken="kind: Experiment\nname: '$(touch pwned)\n", **hostile)
    known = {
        "github.event.pull_request.head.repo.full_name": "mallory/experiments",
        "github.token": "read-only",
    }
    jobs = github.pull_request(head, **known)

    assert [] == list(github.folder.rglob("pwned"))
    assert [] == github.plans
    assert jobs["plan"].summary.startswith(f"{MARKER}\n")
    assert ["Plan: 1"] == jobs["plan"].failed  # the broken file
    assert "read-only" not in jobs["plan"].summary + jobs["plan"].printed


@pytest.mark.long
def test_what_is_merged_is_bought_once_and_recorded_on_a_branch(github):
    """The next look, on a machine that knows nothing and whose cloud has forgotten all, buys nothing more."""
    push, schedule = github.run("push"), github.run("schedule")
    looks = [push.pop("apply"), schedule.pop("apply")]

    assert ({}, {}) == (push, schedule)
    assert [([], 1), ([], 0)] == [(each.failed, each.printed.count("AddJobs")) for each in looks], looks
    assert 1 == github.jobs_on_record()


@pytest.mark.parametrize(
    ("code", "exits", "says"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (3, 0, "::warning::jobs failed"),
        (4, 4, ""),
        (5, 0, "::notice::jobs are under way"),
        (130, 130, ""),
    ],
)
def test_an_apply_is_red_only_where_somebody_has_to_do_something(tmp_path, code, exits, says):
    """Not for jobs under way, nor for ever for jobs that failed."""
    (tmp_path / "runner").write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    (tmp_path / "runner").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path)}
    ended, printed = run_script(step("apply", "Apply and record")["run"], tmp_path, environ)

    assert (exits, says) == (ended, printed[: len(says)])
    assert bool(says) == bool(printed)


def step(job, name):
    """A step of the workflow."""
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"][job]["steps"]
    return next(each for each in steps if each.get("name") == name)


def test_git_is_given_the_token_of_the_job_and_it_stands_in_no_file(tmp_path):
    """A credential helper in the environment."""
    env = {name: value for name, value in step("apply", "Apply and record")["env"].items() if "GIT" in name}
    environ = env | {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GH_TOKEN": "s3cret;$(x)"}
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=git.example.org\n\n",
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert {"password=s3cret;$(x)", "username=x-access-token"} <= set(done.stdout.splitlines())
    assert [] == list(tmp_path.iterdir())

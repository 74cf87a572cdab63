"""`[[notifications]]` and `[commit_status]`: what they may say, and that no secret stands in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from runner.errors import ProjectError
from runner.project.config.notifications import CommitStatus, Notification
from runner.project.config.published_schemas import settings_schema
from runner.project.config.settings import read_settings

HOOK = '[[notifications]]\nurl = "https://lab.test/hook"\n'
STATUS = '[commit_status]\nprovider = "github"\nrepository = "lab/experiments"\ntoken_env = "RUNNER_T"\n'


def written(tmp_path, text):
    """The settings of a text."""
    path = tmp_path / "runner.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_what_people_want_is_the_default(tmp_path):
    """All experiments, all that is over or needs a person; whole numbers are seconds, too."""
    settings = written(tmp_path, HOOK + "timeout_s = 3\n" + STATUS)

    assert [
        Notification(
            url="https://lab.test/hook",
            on=["complete", "failed", "held", "invalid", "refused", "error"],
            experiments=["*"],
            timeout_s=3.0,
        )
    ] == settings.notifications
    assert (
        CommitStatus(provider="github", repository="lab/experiments", token_env="RUNNER_T", context="runner")
        == settings.commit_status
    )
    assert "https://api.github.com" == settings.commit_status.api


def test_the_settings_of_the_docs_are_taken(tmp_path):
    """What is copied from there works."""
    page = Path(__file__).parents[4] / "docs" / "notifications.md"
    settings = written(tmp_path, re.search(r"```toml[^\n]*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[1])

    assert (2, "lab/experiments") == (len(settings.notifications), settings.commit_status.repository)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[notifications]]\n", "either a url or a url_env"),
        (HOOK + 'url_env = "RUNNER_URL"\n', "either a url or a url_env"),
        (HOOK + 'on = ["done"]\n', "notifications.0.on.0: expected 'complete'"),
        (HOOK + "on = []\n", "notifications.0.on"),
        (HOOK + 'secret_env = "PASQAL_PASSWORD"\n', "notifications.0.secret_env: .*RUNNER_"),
        (HOOK + "timeout_s = 60\n", "notifications.0.timeout_s"),
        (HOOK.replace("https", "file"), "notifications.0.url"),
        (STATUS.replace("RUNNER_T", "AWS_SECRET_ACCESS_KEY"), "commit_status.token_env: .*RUNNER_"),
        (STATUS.replace("github", "gitea"), "commit_status.provider"),
        (STATUS.replace("lab/experiments", "../../user"), "on GitHub a repository is OWNER/NAME"),
        (STATUS.replace("lab/experiments", "a/b?c"), "commit_status.repository"),
    ],
)
def test_what_cannot_be_is_an_error_that_names_the_key(tmp_path, text, message):
    """Only variables can be named that are for the runner: no other secret can be sent away."""
    with pytest.raises(ProjectError, match=message):
        written(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        HOOK + 'secret = "hunter2"\n',
        STATUS + 'token = "hunter2"\n',
        HOOK.replace("lab.test", "me:hunter2@lab.test"),
        STATUS + 'url = "http://git.test/api?hunter2"\n',
    ],
    ids=["secret", "token", "password in a URL", "token over plain HTTP"],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path, text):
    """It is said where it belongs."""
    with pytest.raises(ProjectError) as caught:
        written(tmp_path, text)

    said = str(caught.value) + caught.value.hint
    assert "environment" in said or "https" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HOOK + STATUS, True),
        (HOOK + 'url_env = "RUNNER_URL"\n', False),
        ("[[notifications]]\n", False),
        (HOOK + 'token = "x"\n', False),
        (STATUS.replace("RUNNER_T", "TOKEN"), False),
    ],
)
def test_editors_mark_what_is_refused(text, expected):
    """The schema says the same."""
    assert expected == jsonschema.Draft202012Validator(settings_schema()).is_valid(tomllib.loads(text))

"""The dashboard as it is served: pages follow what happens, and answer those alone that may look."""

from __future__ import annotations

import json
import time

import commands
import pytest
import requests
from patience import PATIENCE_S

from runner.dashboard.lookout import Lookout
from runner.dashboard.protection import Protection
from runner.dashboard.server import serving
from runner.project import Project


@pytest.fixture
def lookout(neighbour):
    """Looks at a lab whose cloud is not looked at by itself."""
    return Lookout(Project.at(neighbour), [neighbour], poll_s=None)


@pytest.fixture
def url(lookout):
    """Where its pages are."""
    with serving(lookout, Protection(), "127.0.0.1", 0) as url, lookout.looking():
        yield url


def until(ask, is_meant):
    """The first answer that is meant."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_meant(answer := ask()):
        assert time.monotonic() < deadline_s, answer
        time.sleep(0.05)
    return answer


def test_pages_follow_an_apply(neighbour, lookout, url, monkeypatch, capsys):
    """A record that is written shows by itself, on each page and as data; news are told to who listens."""
    monkeypatch.chdir(neighbour)
    tiles = until(lambda: requests.get(f"{url}index.json", timeout=PATIENCE_S).json()["tiles"], len)
    assert [(tile["name"], tile["health"]) for tile in tiles] == [("pair", "Unknown")]
    with requests.get(f"{url}events", stream=True, timeout=PATIENCE_S) as news:
        told = news.iter_lines(decode_unicode=True)
        first = next(told)
        assert commands.said(capsys, "apply", "specs/pair.yaml")[0] == 0
        assert next(line for line in told if line.startswith("data:") and line != first)

    def shown():
        return requests.get(f"{url}experiments/pair/index.json", timeout=PATIENCE_S).json()

    page = until(shown, lambda page: page["progress"]["done"] == page["jobs_total"])
    assert {row["status"] for row in page["jobs"]} == {"DONE"}
    assert "AddJobs" in {each["action"] for each in page["events"]}
    lookout.look()
    assert shown()["health"] == "Healthy"
    for path in (
        "",
        "experiments/pair/",
        f"experiments/pair/jobs/{page['jobs'][0]['key']}/",
        "holds/",
        "activity/",
    ):
        answer = requests.get(f"{url}{path}", timeout=PATIENCE_S)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert json.loads(requests.get(f"{url}{path}index.json", timeout=PATIENCE_S).text)
    for picture in ("plot", "register", "pulses"):
        drawn = requests.get(f"{url}experiments/pair/{picture}.svg", timeout=PATIENCE_S)
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        assert drawn.text.startswith("<?xml")


def test_others_are_refused(url):
    """A foreign host or origin gets nothing, nor does a path that leads out of the site."""
    ask = requests.Session()
    assert ask.get(url, headers={"Host": "evil.example"}, timeout=PATIENCE_S).status_code == 403
    assert ask.get(url, headers={"Origin": "http://evil.example"}, timeout=PATIENCE_S).status_code == 403
    assert ask.get(f"{url}events", headers={"Origin": "null"}, timeout=PATIENCE_S).status_code == 403
    assert ask.get(f"{url}nowhere/", timeout=PATIENCE_S).status_code == 404
    assert ask.get(f"{url}experiments/pair/%2e%2e/", timeout=PATIENCE_S).status_code == 404
    assert ask.post(url, timeout=PATIENCE_S).status_code == 405
    away = requests.get(f"{url}/evil.example", allow_redirects=False, timeout=PATIENCE_S)
    assert (away.status_code, away.headers["location"]) == (307, "/evil.example/")


def test_a_token_is_asked_for(lookout):
    """Without it nothing is shown, news neither; a browser tells it once, and has a cookie for it."""
    protection = Protection(token="s3cret")
    with serving(lookout, protection, "127.0.0.1", 0) as url:
        ask = requests.Session()
        for path in ("", "index.json", "events", "live.js", "experiments/pair/plot.svg"):
            assert ask.get(f"{url}{path}", timeout=PATIENCE_S).status_code == 401
        page = {"accept": "text/html"}
        assert ask.get(url, headers=page, timeout=PATIENCE_S).url == f"{url}login"
        assert ask.post(f"{url}login", data={"token": "wrong"}, timeout=PATIENCE_S).status_code == 403
        assert ask.get(url, headers=page, timeout=PATIENCE_S).url == f"{url}login"
        told = ask.post(f"{url}login", data={"token": "s3cret"}, timeout=PATIENCE_S)
        assert (told.status_code, told.url) == (200, url)
        (cookie,) = ask.cookies
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite").lower() == "strict"
        assert "s3cret" not in cookie.value


def test_others_can_reach_it_with_a_token_alone(neighbour, monkeypatch, capsys):
    """To listen where others can reach it needs a token."""
    monkeypatch.chdir(neighbour)
    monkeypatch.delenv("RUNNER_DASHBOARD_TOKEN", raising=False)
    code, _, stderr = commands.said(capsys, "dashboard", "--host", "0.0.0.0", "--port", "0")
    assert (code, "set RUNNER_DASHBOARD_TOKEN" in stderr) == (64, True)

"""`runner.toml`: what it may say, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.domain import Budget, Policy, Retry, Surplus
from runner.errors import ProjectError
from runner.project import Settings, Target
from runner.project.config.settings import read_settings
from runner.project.config.tables import Caps
from runner.spec.yaml_text.limits import LIMITS, Limits


def written(tmp_path, text):
    """The settings of a text."""
    path = tmp_path / "runner.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_without_a_file_everything_is_local(tmp_path):
    """The embedded default."""
    settings = read_settings(tmp_path / "runner.toml")

    assert (Settings(), True) == (settings, settings.target_named(settings.target).is_local)


def test_targets_are_regions_urls_or_this_machine(tmp_path):
    """Seconds may be written as whole numbers."""
    settings = written(
        tmp_path,
        'namespace = "lab-1"\ntarget = "qpu"\n[targets.qpu]\nregion = "fr"\nproject_id = "p"\nsettle_s = 30\n'
        '[targets.mirror]\nurl = "http://127.0.0.1:9"\n[targets.local]\nidle_exit_s = 5\n',
    )

    assert (
        Target(region="fr", project_id="p", settle_s=30.0),
        Target(url="http://127.0.0.1:9"),
        Target(idle_exit_s=5.0),
        Target(url="https://x.test"),
    ) == tuple(settings.target_named(name) for name in ("qpu", "mirror", "local", "https://x.test/"))


@pytest.mark.parametrize("name", ["claim_ttl_s", "lease_s"])
def test_how_long_a_claim_is_respected_may_be_said_by_its_former_name(tmp_path, name):
    """A runner.toml of before is still read."""
    settings = written(tmp_path, f'[targets.mirror]\nurl = "http://127.0.0.1:9"\n{name} = 7\n')

    assert 7.0 == settings.target_named("mirror").claim_ttl_s


def test_an_unknown_target_names_the_known_ones(tmp_path):
    """`local` is always one."""
    with pytest.raises(ProjectError, match="'mars'") as caught:
        written(tmp_path, "[targets.qpu]\n").target_named("mars")
    assert caught.value.hint == "targets are: local, qpu; see runner.toml"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://h:99999", "https://a b", "http://u:p@h:x"])
def test_a_url_that_leads_nowhere_is_refused_at_once(url):
    """Not after a minute of tries; and a password is not repeated."""
    with pytest.raises(ProjectError, match="URL") as caught:
        Settings().target_named(url)

    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[targets.x]\nrequests_per_s = 0\n", "targets.x.requests_per_s"),
        ("[targets.x\n", "cannot be read"),
        (f"target = {'[' * 10_000}\n", "cannot be read: it is nested too deep"),
        (f"target = {'{a=' * 10_000}\n", "cannot be read: it is nested too deep"),
        (
            f"{'a.' * 100_000}a = 1\n",
            "cannot be read: more than 1,000,000 bytes, or more than 100 dots on a line",
        ),
        ("speed = 1\n", "speed"),
        ('namespace = "Ünïcode"\n', "namespace"),
        ("target = 3\n", "target"),
        ('[targets.x]\nregion = "fr"\nurl = "http://y"\n', "not both"),
        ('[targets.x]\nurl = "http://"\n', "targets.x.url: 'http://' is no base URL"),
        ('[targets.x]\nurl = "file:///etc"\n', "'file:///etc' is no base URL"),
        ('[targets.x]\nurl = "http://h:99999"\n', "'http://h:99999' is no URL: Port out of range"),
        ('[targets.x]\nurl = "http://[::1"\n', "is no URL: Invalid IPv6 URL"),
        ('[targets.x]\naccount_url = "http://h?a=b"\n', "targets.x.account_url: .* is no base URL"),
        ('[targets.x]\nurl = "http://me:secret@h:x"\n', "'http://…@h:x' is no URL"),
        ("[targets.x]\nsettle_s = -1\n", "settle_s"),
        ("[targets.x]\nsettle_s = inf\n", "settle_s"),
        ("targets = 3\n", "targets"),
        ("[defaults.policy]\nretry = 3\n", "defaults.policy.retry"),
        ("[defaults.policy]\ndeadline = 2026-03-01T12:00:00\n", "time zone"),
        ("[caps]\nruns = 0\n", "caps.runs"),
        ("[budget_per_day]\nruns = -1\n", "budget_per_day.runs"),
        ("[budget_per_day]\nhours = 1\n", "budget_per_day.hours: there is no such key"),
        ("experiments = []\n", "experiments"),
        ("experiments = [3]\n", "experiments.0"),
        ("[caps]\nspeed = 1\n", "caps.speed: there is no such key"),
        ('[caps]\nruns = "many"\n', "caps.runs: expected a valid integer"),
        ("[views.ill]\nhealth = 'ill'\n", "views.ill.health: expected 'Healthy', "),
        ("[views.ill]\nfolder = '../x'\n", "views.ill.folder: '../x' is no folder in the repository"),
        ("[views.'my own']\ncolour = 'red'\n", "views.my own.colour: there is no such key"),
        ("[views.all]\n", "views.all: a view says at least one of q, folder, health, sync, device"),
        ("views = ['all']\n", "views: expected a valid dictionary"),
        ("[views.'']\nq = 'x'\n", "views"),
    ],
)
def test_what_cannot_be_is_an_error_that_names_the_key(tmp_path, text, message):
    """And the file."""
    with pytest.raises(ProjectError, match=message) as caught:
        written(tmp_path, text)
    assert "runner.toml" in str(caught.value)


def test_dots_of_a_comment_are_not_counted(tmp_path):
    """A line of dots divides some files."""
    assert "pasqal" == written(tmp_path, f"# {'.' * 1000}\ntarget = 'pasqal'\n[targets.pasqal]\n").target


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path):
    """It belongs in the environment."""
    with pytest.raises(ProjectError, match="password") as caught:
        written(tmp_path, '[targets.qpu]\nregion = "fr"\npassword = "hunter2-not-shown"\n')

    assert "PASQAL_PASSWORD" in caught.value.hint
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_defaults_are_policies_as_in_a_file(tmp_path):
    """TOML's own dates and whole numbers are welcome."""
    settings = written(
        tmp_path,
        '[defaults.policy]\nprune = "cancel"\ndeadline = 2026-03-01T12:00:00Z\nretry = {backoff_s = 5}\n',
    )

    assert (
        Policy(
            prune=Surplus.CANCEL,
            deadline=datetime(2026, 3, 1, 12, tzinfo=UTC),
            retry=Retry(backoff_s=5.0),
        )
        == settings.defaults.as_policy().as_desired()
    )


def test_the_lower_of_a_files_limit_and_the_cap_counts():
    """Where one of them says nothing, the other does."""
    caps = Caps(runs=1000, qpu_s=60.0, retries=1, max_jobs_per_batch=10)
    asked = Policy(budget=Budget(runs=5000, jobs=7), retry=Retry(limit=5), max_jobs_per_batch=4)

    assert Policy(
        budget=Budget(runs=1000, jobs=7, qpu_s=60.0), retry=Retry(limit=1), max_jobs_per_batch=4
    ) == caps.bound(asked)


def test_without_caps_a_policy_is_as_it_was():
    """The default changes nothing."""
    asked = Policy(budget=Budget(runs=5000), retry=Retry(limit=5), max_failed=3)

    assert asked == Caps().bound(asked)


def test_a_days_budget_limits_only_what_it_says(tmp_path):
    """Nothing of it is no limit; 0 buys nothing."""
    assert Settings().budget_per_day.as_budget() is None
    assert Budget(runs=0, qpu_s=60.0) == (
        written(tmp_path, "[budget_per_day]\nruns = 0\nqpu_s = 60\n").budget_per_day.as_budget()
    )


def test_limits_are_those_of_files_unless_others_are_said(tmp_path):
    """The defaults stand in two rooms, and are the same."""
    assert LIMITS == Settings().limits.as_limits()
    assert Limits(characters=2000, depth=40, jobs=7) == (
        written(tmp_path, "[limits]\ncharacters = 2000\njobs = 7\n").limits.as_limits()
    )

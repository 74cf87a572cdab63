"""From a target's name to a client: credentials come from the environment and are never shown."""

from __future__ import annotations

import pytest

from runner.cloud.wire import exchange
from runner.cloud.wire.rate_limit import RateLimit
from runner.errors import AuthenticationError
from runner.project import Target
from runner.project.config.targets import connect

SECRET = "s3cret-that-nobody-sees"


def connected(tmp_path, target, **environ):
    """A connection to a target that is not the local one."""
    return connect(target, store=tmp_path / "store", namespace="lab", environ=environ)


def test_a_region_has_its_endpoints_and_careful_terms(tmp_path):
    """Lists of the real cloud may lag behind."""
    target = Target(region="sa", project_id="p")
    connection = connected(tmp_path, target, PASQAL_USERNAME="ada", PASQAL_PASSWORD=SECRET)

    assert "https://apis.sa.pasqal.cloud/core-fast" == connection.client.endpoints.core
    assert ("p", 5.0, "lab") == (
        connection.client.project_id,
        connection.settings.settle_s,
        connection.settings.namespace,
    )


def test_a_url_is_both_interfaces_unless_it_says_otherwise(tmp_path):
    """Without a token, as on a cloud of one's own."""
    client = connected(tmp_path, Target(url="http://127.0.0.1:9/", account_url="http://127.0.0.1:8")).client

    assert ("http://127.0.0.1:9", "http://127.0.0.1:8") == (client.endpoints.core, client.endpoints.account)


def test_missing_credentials_are_named(tmp_path):
    """What to set."""
    with pytest.raises(AuthenticationError, match="no credentials") as caught:
        connected(tmp_path, Target(region="fr"))

    assert "PASQAL_PASSWORD" in caught.value.hint


def test_a_token_is_not_sent_over_plain_http(tmp_path):
    """Anybody on the way could read it; on this machine there is no way."""
    with pytest.raises(AuthenticationError, match=r"is not sent to http://pcs\.test") as caught:
        connected(tmp_path, Target(url="http://pcs.test"), PASQAL_TOKEN=SECRET)
    local = connected(tmp_path, Target(url="http://127.0.0.1:9"), PASQAL_TOKEN=SECRET)

    assert SECRET not in str(caught.value)
    assert local.client.endpoints.core == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "environ", [{"PASQAL_TOKEN": SECRET}, {"PASQAL_USERNAME": "a", "PASQAL_PASSWORD": SECRET}]
)
def test_secrets_are_not_shown(tmp_path, environ):
    """By whatever is made of them."""
    connection = connected(tmp_path, Target(region="fr"), **environ)

    assert SECRET not in repr(connection) + repr(vars(connection.client))


@pytest.mark.parametrize(
    ("target", "waiting_s"),
    [
        (Target(url="http://127.0.0.1:9"), 0.0),
        (Target(url="http://127.0.0.1:9", requests_per_s=1.0), 20.0),
        (Target(region="fr", project_id="p"), 0.05),
        (Target(region="fr", project_id="p", requests_per_s=1.0), 20.0),
    ],
    ids=["url", "url with a limit", "region", "region with a limit"],
)
def test_a_region_has_a_limit_to_its_requests_and_others_have_what_they_are_given(
    tmp_path, monkeypatch, target, waiting_s
):
    """How long the 21st of 21 requests at once waits, in all."""
    paces = []

    class Told(RateLimit):
        def __init__(self, requests_per_s=None, **fields):
            super().__init__(requests_per_s, clock=lambda: 0.0, sleep=fields["sleep"])
            paces.append(self)

    monkeypatch.setattr(exchange, "RateLimit", Told)
    connected(tmp_path, target, PASQAL_TOKEN=SECRET)
    waits_s = [paces[-1]._turn_s() for _ in range(21)]

    assert waiting_s == pytest.approx(max(waits_s))

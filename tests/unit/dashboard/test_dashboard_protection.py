"""Which requests the dashboard answers."""

from __future__ import annotations

import pytest

from runner.dashboard.protection import Protection


@pytest.mark.parametrize(
    ("headers", "is_meant"),
    [
        ({"host": "127.0.0.1:8642"}, True),
        ({"host": "localhost"}, True),
        ({"host": "[::1]:8642"}, True),
        ({"host": "LAB.example:80"}, True),
        ({"host": "evil.example:8642"}, False),
        ({"host": "127.0.0.1.evil.example"}, False),
        ({}, False),
        ({"host": "localhost:1", "origin": "http://localhost:1"}, True),
        ({"host": "localhost:1", "origin": "http://localhost:2"}, False),
        ({"host": "localhost:1", "origin": "http://evil.example"}, False),
        ({"host": "localhost:1", "origin": "null"}, False),
    ],
)
def test_only_what_is_meant_for_us_is_answered(headers, is_meant):
    """A foreign name that leads here, and a page of another site, are refused."""
    assert Protection(hosts=("lab.example",)).is_meant(headers) is is_meant


def test_a_token_is_told_once():
    """A cookie proves it; without a token everything that can reach us may look."""
    protection = Protection(token="s3cret")
    assert [protection.is_token(each) for each in ("s3cret", "s3cre", "", "ß")] == [True, False, False, False]
    assert [protection.is_known(each) for each in (protection.cookie, "s3cret", "", None)] == [True] + [
        False
    ] * 3
    assert Protection(token="s3cret").cookie != protection.cookie
    assert Protection().is_known(None)
    assert not Protection().is_token("")

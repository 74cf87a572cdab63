"""What every test stands on: an environment without credentials, proxies or colours."""

from __future__ import annotations

import pytest

_FOREIGN = ("PASQAL_USERNAME", "PASQAL_PASSWORD", "PASQAL_TOKEN", "PASQAL_PROJECT_ID", "FORCE_COLOR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch):
    """No test meets the credentials, proxies or colours of whoever runs it."""
    for name in (*_FOREIGN, *_PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")

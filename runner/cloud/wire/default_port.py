"""What carries requests by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.cloud.wire.requests_transport import RequestsPort


def http_port(verify: bool | str = True) -> RequestsPort:
    """What carries requests over HTTP(S); imported only now, for requests and urllib3 take a while."""
    from runner.cloud.wire.requests_transport import RequestsPort  # noqa: PLC0415

    return RequestsPort(verify=verify)

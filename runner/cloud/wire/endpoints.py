"""Where the cloud's interfaces are, region by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from runner.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

_HOSTS: Final = {"fr": "https://apis.pasqal.cloud", "sa": "https://apis.sa.pasqal.cloud"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs of the two interfaces, without a slash at the end.

    Args:
        core: Batches, jobs, results and devices.

        account: Projects.
    """

    core: str
    account: str


@dataclass(frozen=True, slots=True)
class Login:
    """Where and how a user's password is exchanged for a token (OAuth password grant)."""

    token_endpoint: str
    client_id: str
    grant_type: str
    realm: str
    audience: str


_LOGINS: Final = {
    "fr": Login(
        token_endpoint="https://pasqal.eu.auth0.com/oauth/token",  # noqa: S106  (an address, no secret)
        client_id="PeZvo7Atx7IVv3iel59asJSb4Ig7vuSB",
        grant_type="http://auth0.com/oauth/grant-type/password-realm",
        realm="pcs-users",
        audience="https://apis.pasqal.cloud/account/api/v1",
    ),
    "sa": Login(
        token_endpoint="https://auth.sa.pasqal.cloud/realms/pasqal-cloud/protocol/openid-connect/token",  # noqa: S106
        client_id="cloud-sdk",
        grant_type="password",
        realm="pasqal-cloud",
        audience="https://apis.pasqal.cloud/account/api/v1",
    ),
}


def region_endpoints(region: str) -> Endpoints:
    """Endpoints of a region, `fr` or `sa`."""
    host = _of_region(_HOSTS, region)
    return Endpoints(core=f"{host}/core-fast", account=f"{host}/account")


def region_at(url: str) -> str:
    """The region whose interface is at a URL; empty where it is none's."""
    known = {region_endpoints(region).core: region for region in _HOSTS}
    return known.get(url.rstrip("/"), "")


def region_login(region: str) -> Login:
    """How to log in to a region, `fr` or `sa`."""
    return _of_region(_LOGINS, region)


def _of_region(table: Mapping[str, T], region: str) -> T:
    if region not in table:
        raise ProjectError(f"unknown region {region!r}", hint=f"regions are: {', '.join(table)}")
    return table[region]

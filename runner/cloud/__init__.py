"""The client of Pasqal Cloud Services: `Cloud`, `Client`, `Batch`, `Job`, authentication.

Here belongs what speaks HTTP, and nothing else does: what to send and when is decided by callers.
A POST is sent once. Safe requests are retried with backoff. Every failure is one of `runner.errors`.
"""

from typing import TYPE_CHECKING

from runner.cloud.batch import Batch
from runner.cloud.client import Client
from runner.cloud.cloud import Cancelled, Cloud, make_client
from runner.cloud.emulator_config import Configuration, EmuFreeConfiguration, EmuTnConfiguration
from runner.cloud.job import Job
from runner.cloud.wait import Waited
from runner.cloud.wire.credentials import Credentials
from runner.cloud.wire.endpoints import Endpoints, Login, region_at, region_endpoints, region_login
from runner.cloud.wire.retry import Retrying
from runner.cloud.wire.tokens import PasswordGrant, ReadyToken, TokenProvider
from runner.cloud.wire.transport import (
    Answer,
    NoAnswerError,
    NotSentError,
    Payload,
    Port,
    Request,
    UnsendableError,
)
from runner.lazy import lazy_names

if TYPE_CHECKING:
    from runner.cloud.wire.requests_transport import RequestsPort

__all__ = [
    "Answer",
    "Batch",
    "Cancelled",
    "Client",
    "Cloud",
    "Configuration",
    "Credentials",
    "EmuFreeConfiguration",
    "EmuTnConfiguration",
    "Endpoints",
    "Job",
    "Login",
    "NoAnswerError",
    "NotSentError",
    "PasswordGrant",
    "Payload",
    "Port",
    "ReadyToken",
    "Request",
    "RequestsPort",
    "Retrying",
    "TokenProvider",
    "UnsendableError",
    "Waited",
    "make_client",
    "region_at",
    "region_endpoints",
    "region_login",
]
# requests is imported only where something is sent.
__getattr__ = lazy_names(__name__, {"RequestsPort": "runner.cloud.wire.requests_transport"})

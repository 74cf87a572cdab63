"""The client of Pasqal Cloud Services: `Client`, `Batch`, `Job`, authentication.

Here belongs what speaks HTTP, and nothing else does: what to send and when is decided by those who call.
A POST is sent once. Safe requests are retried with backoff. Every failure is one of `runner.errors`.
"""

from runner.cloud.authentication import PasswordGrant, ReadyToken, TokenProvider
from runner.cloud.batch import Batch
from runner.cloud.client import Client
from runner.cloud.endpoints import Endpoints, Login, region_endpoints, region_login
from runner.cloud.job import Job
from runner.cloud.retrying import Retrying
from runner.cloud.transport import Answer, NoAnswerError, NotSentError, Port, Request, RequestsPort

__all__ = [
    "Answer",
    "Batch",
    "Client",
    "Endpoints",
    "Job",
    "Login",
    "NoAnswerError",
    "NotSentError",
    "PasswordGrant",
    "Port",
    "ReadyToken",
    "Request",
    "RequestsPort",
    "Retrying",
    "TokenProvider",
    "region_endpoints",
    "region_login",
]

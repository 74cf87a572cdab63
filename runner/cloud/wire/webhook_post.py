"""Messages to servers that are no cloud: webhooks, and the interfaces of hosts of repositories.

One POST, no redirects, no `.netrc`, no cookies, and no more of the answer than its beginning.
"""

from __future__ import annotations

from http.client import HTTPException
from typing import Final

import requests
from urllib3.exceptions import HTTPError

import runner
from runner.cloud.wire.transport import is_loopback
from runner.cloud.wire.webhook_message import Post, Posted

BEGINNING: Final = 2000  # bytes of an answer's body that are read
_USER_AGENT: Final = f"pulser-runner/{runner.__version__}"
_TROUBLES: Final = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


def post(message: Post, timeout_s: float) -> Posted:
    """Sends a message once.

    Args:
        timeout_s: Most time to connect, and most time between two bytes of the answer (in s).
    """
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback(message.url)  # proxies are for others
            with session.post(
                message.url,
                data=message.body,
                headers={"User-Agent": _USER_AGENT, **message.headers},
                auth=_no_netrc,
                allow_redirects=False,
                timeout=timeout_s,
                stream=True,
            ) as answer:
                said = answer.raw.read(BEGINNING, decode_content=True).decode(errors="replace")
                return Posted(answer.status_code, answer.headers.get("Retry-After"), said)
    except _TROUBLES as error:
        # Only a type is named: the text of an error may have the URL, or a header.
        return Posted(said=f"no answer: {type(error).__name__}")


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Puts no credentials of the machine on a request."""
    return request

"""Requests and answers as values, and what every request has to pass before anybody looks at its path."""

from __future__ import annotations

import ipaddress
import json
import math
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from runner.local.rules.errors import ForbiddenOriginError, InvalidRequestError, Problem, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY_BYTES = 64 * 2**20
# Half a character, perhaps; two of them, one after the other, are a whole one.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Args:
        path: Decoded path, without query.

        query: Decoded key and value pairs, in their order.

        headers: Names in lower case. `host` is required.

        body: As it was sent, compressed or not.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer.

    Args:
        is_dropped: There is none: the connection is closed without a word.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_dropped: bool = False


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without port, is this machine's loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_loopback(request: Request) -> None:
    """Refuse what a web page may have made a browser send here under another name (DNS rebinding).

    Raises:
        ForbiddenOriginError: The host, or the origin of a browser's request, is not a loopback name.
    """
    host = request.headers.get("host", "")
    if not is_loopback(_host_name(f"http://{host}")):
        raise ForbiddenOriginError(f"This server answers for loopback names only, not for {host!r}.")
    origin = request.headers.get("origin")
    if origin is not None and not is_loopback(_host_name(origin)):
        raise ForbiddenOriginError(f"Web pages of {origin!r} may not use this server.")


def json_body(request: Request) -> object:
    """The JSON value in the body.

    Raises:
        InvalidRequestError: It is not JSON in UTF-8, plain or gzip'ed, or has a number that is not finite or
            a text that no encoding can write.

        TooLargeError: It is larger than MAX_BODY_BYTES once unpacked.
    """
    try:
        text = _plain_body(request).decode()
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(Problem(("body",), f"Not JSON: {error}", "json_invalid")) from error
    return value


def _integral(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# JSON has one kind of numbers: 1.0 is the integer that 1 is.
INTEGRAL = BeforeValidator(_integral)


def json_answer(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status=status, headers=(("content-type", "application/json"), *headers), body=body)


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _plain_body(request: Request) -> bytes:
    if len(request.body) > MAX_BODY_BYTES:
        raise TooLargeError(f"A body may have {MAX_BODY_BYTES} bytes.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return request.body
    if encoding != "gzip":
        raise ValueError(f"the content encoding {encoding!r} is not known here")
    return _unzipped(request.body)


def _unzipped(body: bytes) -> bytes:
    # One byte more than allowed is asked for, so that a small body cannot unpack to fill the memory.
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        plain = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"the body is not gzip ({error})") from error
    if len(plain) > MAX_BODY_BYTES:
        raise TooLargeError(f"A body may have {MAX_BODY_BYTES} bytes once unpacked.")
    if not unpacker.eof:
        raise ValueError("the gzip'ed body is cut off")
    return plain


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number

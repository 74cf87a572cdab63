"""Bytes of an answer → values, or the error that says what they mean. Pure."""

from __future__ import annotations

import gzip
import json
import math
import re
from typing import TYPE_CHECKING, Final, Never

from runner.cloud.wire.retry import RETRIED_STATUSES
from runner.domain.json_values import json_default, shown
from runner.errors import (
    AuthenticationError,
    CloudError,
    CloudRejectedError,
    CloudUnavailableError,
    ConflictError,
    InvalidPayloadError,
    NotFoundError,
    UnknownOutcomeError,
    WireFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cloud.wire.transport import Answer, Payload, Request

# Half of a character: JSON can name it, and no file and no terminal can take it.
_HALF: Final = re.compile("[\ud800-\udfff]")
_NAMES_HALVES: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_MOST_CHARACTERS: Final = 200
GZIP_FROM_BYTES: Final = 1024
_PROBLEMS_SHOWN: Final = 5

_BY_STATUS: Final[dict[int, type[CloudError]]] = {
    400: InvalidPayloadError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidPayloadError,
    422: InvalidPayloadError,
}
_HINTS: Final = {
    401: "the token was refused: look at PASQAL_USERNAME, PASQAL_PASSWORD or PASQAL_TOKEN",
    403: "these credentials do not allow it: look at the project id of the target in runner.toml",
    404: "look at the address of the target in runner.toml, and whether the id belongs to its project",
}


def encoded(payload: object) -> tuple[bytes | None, dict[str, str]]:
    """Body and headers of a JSON payload; compressed when that pays, nothing for None."""
    if payload is None:
        return None, {}
    body = json.dumps(payload, allow_nan=False, separators=(",", ":"), default=json_default).encode()
    headers = {"Content-Type": "application/json"}
    if len(body) > GZIP_FROM_BYTES:
        return gzip.compress(body, mtime=0), headers | {"Content-Encoding": "gzip"}
    return body, headers


def envelope(request: Request, answer: Answer) -> Payload:
    """The JSend-like object of a successful answer; it has `data`.

    Raises:
        WireFormatError: The body is no JSON object or has no `data`; for a POST, `UnknownOutcomeError`.
    """
    value = json_object(request, answer)
    if "data" not in value:
        raise _unreadable(request, answer, "the answer has no `data`")
    if _NAMES_HALVES.search(answer.body) and _HALF.search(json.dumps(value, ensure_ascii=False)):
        raise _unreadable(request, answer, "the answer has halves of characters")
    return value


def entry_problem(entry: object) -> str:
    """Why something cannot be a batch or a job, as far as it must be told apart; empty if it can.

    What else it says is judged where it is read, so that one wrong number stops nothing else.
    """
    if not isinstance(entry, dict):
        return f"an entry is {shown(entry)}, not an object"
    for name in ("id", "batch_id", "project_id"):
        value = entry.get(name)
        if (value is not None or name == "id") and not _is_id(value):
            return f"`{name}` of an entry is {shown(value)}"
    return ""


def pagination(page: Mapping[str, object]) -> tuple[int, int]:
    """Where a page ends and how many entries there are; zeros where it does not say.

    Raises:
        ValueError: It says what is no number of entries.
    """
    said = page.get("pagination") or {}
    if not isinstance(said, dict):
        raise ValueError(f"`pagination` is {shown(said)}, not an object")  # noqa: TRY004  (of the answer, not of ours)
    end, total = said.get("end") or 0, said.get("total") or 0
    wrong = next((each for each in (end, total) if type(each) is not int or each < 0), None)
    if wrong is not None:
        raise ValueError(f"{shown(wrong)} in `pagination` is no number of entries")
    return end, total


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_CHARACTERS and value.isprintable()


def json_object(request: Request, answer: Answer) -> Payload:
    """The JSON object of an answer.

    Raises:
        WireFormatError: The body is no JSON object; for a POST, `UnknownOutcomeError`.
    """
    try:
        value = json.loads(answer.body, parse_constant=_refuse, parse_float=_finite)
    except _NotFiniteError as error:
        raise _unreadable(request, answer, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(request, answer, "the answer is not JSON") from error
    if not isinstance(value, dict):
        raise _unreadable(request, answer, "the answer is no object")
    return value


class _NotFiniteError(Exception):
    """A number that no JSON has."""


def _refuse(word: str) -> Never:
    raise _NotFiniteError(f"the answer has {word}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(shown(text))


def refusal(request: Request, answer: Answer) -> CloudError:
    """The error that an answer other than 2xx stands for.

    A POST that met an answer which says nothing of what happened is an unknown outcome.
    """
    code, reason = _code_and_reason(answer)
    error = _error_class(request, answer.status)(
        reason or f"the cloud answered HTTP {answer.status}",
        method=request.method,
        path=request.path,
        status=answer.status,
        code=code,
        body="" if reason else _text(answer),
        hint=_HINTS.get(answer.status, ""),
    )
    error.retry_after = answer.headers.get("Retry-After")
    return error


def _error_class(request: Request, status: int) -> type[CloudError]:
    if status in RETRIED_STATUSES or status not in range(300, 500):
        return CloudUnavailableError if request.is_safe else UnknownOutcomeError
    return _BY_STATUS.get(status, CloudRejectedError)


def _code_and_reason(answer: Answer) -> tuple[str | None, str]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(value, dict):
        return None, ""
    code = value.get("code")
    return (None if code is None else str(code)), _reason(value)


def _reason(value: Payload) -> str:
    message = str(value.get("message") or "")
    data = value.get("data")
    description = data.get("description") if isinstance(data, dict) else None
    if isinstance(description, list):
        shown = [_problem(each) for each in description[:_PROBLEMS_SHOWN]]
        more = len(description) - len(shown)
        description = "; ".join(shown) + (f"; and {more} more" if more else "")
    said = dict.fromkeys((message, str(description or "")))  # some answers say the same in both places
    return ": ".join(filter(None, said))


def _problem(entry: object) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    place = ".".join(str(part) for part in entry.get("loc") or ())
    return ": ".join(filter(None, (place, str(entry.get("msg") or ""))))


def _unreadable(request: Request, answer: Answer, message: str) -> CloudError:
    kind = WireFormatError if request.is_safe else UnknownOutcomeError
    return kind(message, method=request.method, path=request.path, status=answer.status, body=_text(answer))


def _text(answer: Answer) -> str:
    return " ".join(answer.body[:1024].decode("utf-8", errors="replace").split())

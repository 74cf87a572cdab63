"""Why a request is refused; each kind is one HTTP status, and nothing has happened when it is raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a request.

    Args:
        loc: Where, from the outside in: `("body", "jobs", 0, "runs")`.

        msg: What is wrong, and what was expected.

        type: A short word for programs.
    """

    loc: tuple[str | int, ...]
    msg: str
    type: str = "value_error"


class RefusalError(Exception):
    """A request that is not carried out.

    Args:
        message: What the client reads.

        problems: The single faults, where there are several to tell.

    Attributes:
        headers: What the answer has beside its body.
    """

    status = 400
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems


class UnauthorizedError(RefusalError):
    """The request has no token, or one that is not known."""

    status = 401
    headers = (("www-authenticate", "Bearer"),)


class ForeignProjectError(RefusalError):
    """The token is that of another project."""

    status = 403


class ForbiddenOriginError(RefusalError):
    """The request was made for another host, or by a web page of another one."""

    status = 421


class UnknownThingError(RefusalError):
    """There is no such batch, job, result or device."""

    status = 404


class WrongMethodError(RefusalError):
    """Another method of this path."""

    status = 405

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        super().__init__(f"{method} is not possible here.")
        self.headers = (("allow", ", ".join(allowed)),)


class WrongStateError(RefusalError):
    """The state of the batch or job does not allow this."""

    status = 409


class TooLargeError(RefusalError):
    """The body is larger than the server reads."""

    status = 413


class InvalidRequestError(RefusalError):
    """The body or the query is not what the API takes."""

    status = 422

    def __init__(self, *problems: Problem) -> None:
        super().__init__("Validation error", problems)

"""What every call is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.local.messages import Request
    from runner.local.store import Store
    from runner.local.submissions import SequenceReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that found its route, with all it may use.

    Args:
        names: Values of the named segments of the path.

        announce: Says that there may be something new to start.

        about: What the server says of itself.
    """

    request: Request
    names: Mapping[str, str]
    store: Store
    sequences: SequenceReader
    announce: Callable[[], None]
    about: Mapping[str, object] = field(default_factory=dict)

"""The text of `runner.toml` as data; a hostile one is refused before it costs time or memory."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

# Settings beyond these are nobody's; dotted keys take a time that grows with the square of their length.
_MOST_BYTES: Final = 1_000_000
_MOST_DOTS: Final = 100


def settings_data(path: Path) -> dict[str, Any]:
    """What stands in a file of settings.

    Raises:
        OSError: It cannot be read.

        ValueError: It is no TOML, nested too deeply, or more than anybody writes.
    """
    text = path.read_bytes()
    if len(text) > _MOST_BYTES or any(map(_is_endless, text.splitlines())):
        raise ValueError(f"more than {_MOST_BYTES:,} bytes, or more than {_MOST_DOTS} dots on a line")
    try:
        return tomllib.loads(text.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _is_endless(line: bytes) -> bool:
    return line.count(b".") > _MOST_DOTS and not line.lstrip().startswith(b"#")

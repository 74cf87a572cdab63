"""Templates filled by Jinja: whatever is put into one is escaped, unless it is `Markup` already."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# What no browser may be given, and what no file in UTF-8 can hold: control characters and lone surrogates.
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def rendered(package: str, name: str, /, **values: object) -> str:
    """A page, or a part of one.

    Args:
        package: The package with the template in its folder `templates`; those of this room are found, too.

        name: File of the template.

        values: What the template shows: texts are escaped, and None is shown as nothing.
    """
    return _environment(package).get_template(name).render(values)


def part(package: str, name: str, /, **values: object) -> Markup:
    """A part of a page, which another template puts in as it is: its own has escaped what it shows."""
    from markupsafe import Markup  # noqa: PLC0415  (verbs that show no page do not pay for it)

    return Markup(rendered(package, name, **values))  # noqa: S704


def printable(text: str) -> str:
    """A text in which what no browser may be given is replaced."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import (  # noqa: PLC0415  (verbs that show no page do not pay for it)
        ChoiceLoader,
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__package__)]),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"sha256": _sha256, "thousands": "{:,}".format}
    return made


def _shown(value: object) -> object:
    if value is None:
        return ""
    return value if hasattr(value, "__html__") else printable(str(value))


def _sha256(text: str) -> str:
    """The digest of a text, as a Content-Security-Policy has it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

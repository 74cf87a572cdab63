"""Pictures in SVG, put into a page: no script comes with them, and their names do not collide. Pure."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from runner.errors import RunnerError
from runner.pages import printable

_SVG: Final = "{http://www.w3.org/2000/svg}"
_TEXTS: Final = {f"{_SVG}text", f"{_SVG}tspan"}
_SHAPES: Final = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"}
_GROUPS: Final = {"g", "text", "tspan", "use", "defs", "clipPath", "pattern", "linearGradient", "stop"}
_KEPT: Final = _SHAPES | _GROUPS
_PATHS: Final = {"d", "points"}
_INLINE: Final = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")
_FRACTION: Final = re.compile(r"(-?\d+\.\d\d)\d+")
_OTHER_URL: Final = re.compile(r"url\((?!#)|expression|@import|\\", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"url\(#([^)\"']*)\)")
# What matplotlib says of all elements in a style sheet, which would hold for the whole page.
_LINES: Final = "stroke-linejoin: round; stroke-linecap: butt"


def inlined(svg: str | bytes, *, label: str, prefix: str) -> Markup:
    """A picture as an element of a page.

    Args:
        svg: A whole document.

        label: What it shows, for screen readers.

        prefix: Put before the names inside; another one for each picture of a page.

    Raises:
        RunnerError: It is no SVG, or does not say how large it is.
    """
    try:
        root = ET.fromstring(svg)  # noqa: S314  (we have just drawn it; expat fetches nothing)
    except ET.ParseError as error:
        raise RunnerError(f"the picture of {label} is no SVG: {error}") from error
    box = root.get("viewBox", "").split()
    if root.tag != f"{_SVG}svg" or len(box) != len(("x", "y", "width", "height")):
        raise RunnerError(f"the picture of {label} is no SVG with a viewBox")
    size = {"width": f"{box[2]}pt", "height": f"{box[3]}pt"}  # as it was drawn, unless there is no room
    said = {"role": "img", "aria-label": printable(label), "style": _LINES}
    tree = ET.TreeBuilder()
    tree.start("svg", {"viewBox": " ".join(box), **size, **said})
    _copy(root, tree, prefix)
    tree.end("svg")
    # Nothing is left that could be anything but a shape or an escaped text.
    return Markup(ET.tostring(tree.close(), encoding="unicode", short_empty_elements=False))  # noqa: S704


def _copy(parent: ET.Element, tree: ET.TreeBuilder, prefix: str) -> None:
    """Puts what is kept of an element's inside into another tree."""
    is_text = parent.tag in _TEXTS
    if is_text:
        tree.data(printable(parent.text or ""))
    for child in parent:
        name = child.tag.removeprefix(_SVG)
        if name in _KEPT:
            tree.start(name, _attributes(child, prefix))
            _copy(child, tree, prefix)
            tree.end(name)
        if is_text:
            tree.data(printable(child.tail or ""))


def _attributes(of: ET.Element, prefix: str) -> dict[str, str]:
    written = {name.rpartition("}")[2]: value for name, value in of.attrib.items()}
    kept = {name: value for name, value in written.items() if _is_harmless(name, value)}
    return {name: printable(_value(name, value, prefix)) for name, value in kept.items()}


def _is_harmless(name: str, value: str) -> bool:
    if name == "href":
        return value.startswith("#") or bool(_INLINE.fullmatch(value))
    return not name.lower().startswith("on") and not _OTHER_URL.search(value)


def _value(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href":
        return f"#{prefix}{value[1:]}" if value.startswith("#") else "".join(value.split())
    if name in _PATHS:
        return _FRACTION.sub(r"\1", " ".join(value.split()))  # a hundredth of a point cannot be seen
    return _REFERENCE.sub(rf"url(#{prefix}\1)", value)

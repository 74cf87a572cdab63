"""JSON pointers (RFC 6901): the address of a value inside a document."""

from __future__ import annotations


def child(pointer: str, step: str | int) -> str:
    """Pointer of a member or an item of the value at `pointer`."""
    if isinstance(step, str) and ("~" in step or "/" in step):
        step = step.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{step}"


def pointer_of(*steps: str | int) -> str:
    """Pointer that leads from the top of the document down the given steps."""
    pointer = ""
    for step in steps:
        pointer = child(pointer, step)
    return pointer


def steps_of(pointer: str) -> tuple[str, ...]:
    """The steps of a pointer, from the top of the document."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def parent(pointer: str) -> str:
    """Pointer of the value that holds the one at `pointer`; the top of the document is its own parent."""
    return pointer.rpartition("/")[0]

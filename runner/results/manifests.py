"""Manifests that follow each other: the newest says all, what was otherwise before stays in it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EARLIER: Final = "earlier"
WRITTEN_AT: Final = "written_at"
_SEQUENCES: Final = "sequences"
_BESIDE: Final = frozenset({EARLIER, WRITTEN_AT})


def following(manifest: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The manifest to keep when a recipe is bought again.

    The recipe is the same, but the commit, the file's other parts, the target or the versions may not be.
    So what the former manifest says otherwise is put at the end of `earlier`. When they say the same, the
    former one stays as it is.
    """
    if before is None:
        return dict(manifest)
    manifest = _with_former_sequences(manifest, before)
    different = {
        name: value for name, value in before.items() if name not in _BESIDE and manifest.get(name) != value
    }
    if _SEQUENCES in different:  # only those that were otherwise: each is kept once
        now = manifest[_SEQUENCES]
        changed = {key: each for key, each in before[_SEQUENCES].items() if now[key] != each}
        different = {**different, _SEQUENCES: changed}
        if not changed:
            del different[_SEQUENCES]
    if not different and _said(manifest).keys() == _said(before).keys():
        return {**before, **({_SEQUENCES: manifest[_SEQUENCES]} if _SEQUENCES in before else {})}
    former = {WRITTEN_AT: before[WRITTEN_AT]} if WRITTEN_AT in before else {}
    return {**manifest, EARLIER: [*before.get(EARLIER, ()), former | different]}


def _with_former_sequences(manifest: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the jobs' own sequences that are asked for no more: their results are still there."""
    if _SEQUENCES not in before:
        return dict(manifest)
    return {**manifest, _SEQUENCES: {**before[_SEQUENCES], **manifest.get(_SEQUENCES, {})}}


def _said(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name not in _BESIDE}

"""Manifests that follow each other: the newest says all, what was otherwise before stays in it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EARLIER: Final = "earlier"
WRITTEN_AT: Final = "written_at"
_BESIDE: Final = frozenset({EARLIER, WRITTEN_AT})


def following(manifest: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The manifest to keep when a recipe is bought again.

    The recipe is the same, but the commit, the file's other parts, the target or the versions may not be.
    So what the former manifest says otherwise is put at the end of `earlier`. When they say the same, the
    former one stays as it is.
    """
    if before is None:
        return dict(manifest)
    different = {
        name: value for name, value in before.items() if name not in _BESIDE and manifest.get(name) != value
    }
    if not different and _said(manifest).keys() == _said(before).keys():
        return dict(before)
    former = {WRITTEN_AT: before[WRITTEN_AT]} if WRITTEN_AT in before else {}
    return {**manifest, EARLIER: [*before.get(EARLIER, ()), former | different]}


def _said(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name not in _BESIDE}

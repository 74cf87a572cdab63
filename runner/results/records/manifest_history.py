"""Manifests that follow each other: the newest says all, what was otherwise before stays in it. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from runner.domain.identity import measured_constants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

EARLIER: Final = "earlier"
SERVICE: Final = "service"
TARGET: Final = "target"
WRITTEN_AT: Final = "written_at"
_SEQUENCES: Final = "sequences"
_BESIDE: Final = frozenset({EARLIER, WRITTEN_AT})


def following(manifest: Mapping[str, object], before: Mapping[str, object] | None) -> dict[str, object]:
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
        now = _sequences(manifest)
        changed = {key: each for key, each in _sequences(before).items() if now[key] != each}
        different = {**different, _SEQUENCES: changed}
        if not changed:
            del different[_SEQUENCES]
    if not different and _said(manifest).keys() == _said(before).keys():
        return {**before, **({_SEQUENCES: manifest[_SEQUENCES]} if _SEQUENCES in before else {})}
    former = {WRITTEN_AT: before[WRITTEN_AT]} if WRITTEN_AT in before else {}
    if SERVICE in manifest and SERVICE not in before:  # all until here is of versions that did not say it
        different = {**different, TARGET: before.get(TARGET), SERVICE: None}
    return {**manifest, EARLIER: [*_earlier(before), former | different]}


def _with_former_sequences(manifest: Mapping[str, object], before: Mapping[str, object]) -> dict[str, object]:
    """The manifest with the jobs' own sequences that are asked for no more: their results are still there."""
    if _SEQUENCES not in before:
        return dict(manifest)
    return {**manifest, _SEQUENCES: _sequences(before) | _sequences(manifest)}


def _sequences(manifest: Mapping[str, object]) -> dict[str, object]:
    """The sequences of single jobs, by their points."""
    found = manifest.get(_SEQUENCES)
    return found if isinstance(found, dict) else {}


def _earlier(manifest: Mapping[str, object]) -> list[dict[str, object]]:
    """What the manifest says of former purchases, oldest first."""
    found = manifest.get(EARLIER)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _said(manifest: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in manifest.items() if name not in _BESIDE}


def of_older_versions(manifest: Mapping[str, object]) -> list[dict[str, object]]:
    """What the manifests of versions that did not say their service said, oldest first, each in full."""
    earlier = _earlier(manifest)
    before = [place for place, each in enumerate(earlier) if SERVICE in each and each[SERVICE] is None]
    known, whole = [], {name: each for name, each in manifest.items() if name != EARLIER}
    for place in range(len(earlier), -1, -1):
        before_that = earlier[place] if place < len(earlier) else {}
        own = _sequences(whole) | _sequences(before_that)
        whole = whole | before_that | ({_SEQUENCES: own} if own else {})
        if SERVICE not in manifest or place <= max(before, default=-1):
            known.append(whole)
    return known[::-1]


def targets_said(manifest: Mapping[str, object]) -> frozenset[str]:
    """Names of the targets for which versions bought that did not say their service."""
    return frozenset(str(each.get(TARGET) or "") for each in of_older_versions(manifest) if each)


def constants_said(manifest: Mapping[str, object], point: str, *, is_own: bool | None) -> frozenset[str]:
    """With which constants versions bought that did not put them on record; one, where that is proof.

    Args:
        point: Key of what was measured.

        is_own: Whether it has a sequence of its own; None where only the manifest tells.
    """
    older = of_older_versions(manifest)
    own = list(_texts(older, point))
    texts = own if own or is_own else _texts(older, "")
    device_type = str(manifest.get("device_type", ""))
    return frozenset(measured_constants(each, device_type) for each in texts)


def all_sequences(manifest: Mapping[str, object]) -> frozenset[str]:
    """All sequences that any version has bought, those of single jobs too, as JSON text."""
    states = [manifest, *_earlier(manifest)]
    points = {point for each in states for point in _sequences(each)}
    return frozenset(text for point in ("", *points) for text in _texts(states, point))


def _texts(states: Iterable[Mapping[str, object]], point: str) -> Iterator[str]:
    for each in states:
        sequence = _sequences(each).get(point) if point else each.get("sequence")
        if isinstance(sequence, dict):
            yield json.dumps(sequence)

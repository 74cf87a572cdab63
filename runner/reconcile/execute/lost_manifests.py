"""Manifests that records have lost, as by a revert in git: they are put back before anything is recorded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runner.domain import own_sequence_key
from runner.domain.emulations import possible_emulations
from runner.errors import CloudError, NotFoundError
from runner.reconcile.model.actions import RecordResults
from runner.reconcile.model.tags import read_marks
from runner.reconcile.observe.job_sequences import jobs_with_sequences, qubits_of
from runner.results.records.manifest_files import makes_recipe, recipe_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.cloud import Payload
    from runner.reconcile.context import Context
    from runner.reconcile.model.snapshot import Planned, Snapshot

# What a manifest says of where it comes from that was not written before the purchase.
REBUILT: Final = "rebuilt"


class LostManifests:
    """Puts manifests back: from a copy on this machine, from the file, or from the batch on the cloud.

    A copy is as it was written at the purchase; the others say that they were made later.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._manifests = context, context.records.manifests
        self._asked: set[tuple[str, str, str]] = set()

    def restore(self, planned: Planned) -> None:
        """Puts back what the records of an experiment have lost, and what it is about to record lacks."""
        snapshot, name = planned.snapshot, planned.plan.experiment
        for recipe, some in _about_to_be_recorded(planned).items():
            if self._manifests.is_missing(name, recipe):
                self._restore(snapshot, name, recipe, some)
        for each in (name, *snapshot.observed.previous_names):
            for recipe in self._manifests.missing(each):
                on_record = self._context.records.batch_ids(each, recipe)
                self._restore(snapshot, each, recipe, on_record)

    def _restore(self, snapshot: Snapshot, name: str, recipe: str, batch_ids: Iterable[str]) -> None:
        if self._manifests.restore(name, recipe):
            return
        if snapshot.desired.recipe.startswith(recipe) and snapshot.manifest:
            told = {**snapshot.manifest, "experiment": name, REBUILT: "from the file, after the purchase"}
            self._manifests.write(name, recipe, told)
            return
        target = str(snapshot.manifest.get("target", ""))
        with suppress(CloudError):  # it is asked for again in the next pass
            told = self._from_batches(name, recipe, batch_ids)
            if told:
                self._manifests.write(name, recipe, told | {"target": target})

    def _from_batches(self, name: str, recipe: str, batch_ids: Iterable[str]) -> dict[str, object]:
        """What the cloud still knows of what was run; empty where it knows nothing that makes the recipe."""
        for batch_id in batch_ids:
            if (name, recipe, batch_id) in self._asked:
                continue
            try:
                batch = self._context.client.get_batch(batch_id)
                told = self._rebuilt(name, recipe, batch)
            except NotFoundError:
                told = {}
            self._asked.add((name, recipe, batch_id))
            if told:
                return told
        return {}

    def _rebuilt(self, name: str, recipe: str, batch: Payload) -> dict[str, object]:
        text = batch.get("sequence_builder")
        sequence = _object(text)
        plain = {"sequence": sequence or None, "device_type": batch.get("device_type")}
        told = (
            plain | {"emulation": each} for each in possible_emulations(batch.get("backend_configuration"))
        )
        known = next((each for each in (plain, *told) if makes_recipe(each, recipe)), None)
        if known is None:
            return {}
        own = {} if sequence else self._own_sequences(str(batch["id"]))
        played = [*([sequence] if sequence else []), *own.values()]
        device = played[0].get("device") if played else None
        return {
            "manifest": "runner/manifest/v1",
            "experiment": name,
            "recipe": recipe_of(known),
            "target": "",
            "service": self._context.site.target,
            "device_type": known["device_type"],
            "device": device.get("name") if isinstance(device, dict) else None,
            "qubit_ids": list(qubits_of(text)) if isinstance(text, str) and text else [],
            "file": None,
            "sequence": known["sequence"],
            **({"sequences": own} if own else {}),
            **({"emulation": known["emulation"]} if known.get("emulation") else {}),
            "commit": read_marks(batch.get("tags") or ()).commit or None,
            "dirty": None,
            "versions": None,
            "written_at": self._context.now().isoformat(),
            REBUILT: f"from the batch {batch['id']}",
        }

    def _own_sequences(self, batch_id: str) -> dict[str, dict[str, object]]:
        jobs = jobs_with_sequences(self._context.client, batch_id)
        texts = [job["sequence"] for job in jobs if _object(job.get("sequence"))]
        return {own_sequence_key(text): json.loads(text) for text in texts}


def _about_to_be_recorded(planned: Planned) -> dict[str, list[str]]:
    """Batches of which something is to be recorded, by their recipes."""
    found: dict[str, list[str]] = {}
    for action in (each for each in planned.plan.actions if isinstance(each, RecordResults)):
        batch = planned.snapshot.batch(action.batch_id)
        recipe = read_marks(batch.tags).recipe if batch else ""
        if recipe:
            found.setdefault(recipe, []).append(action.batch_id)
    return found


def _object(text: object) -> dict[str, object]:
    """The object of a text of JSON; empty if it is none."""
    try:
        value = json.loads(text) if isinstance(text, str) and text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

"""`spec.emulation` → the configuration that the emulator gets, in Pulser's words, and what counts of it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pulser import NoiseModel
from pulser import backend as pulser_backend
from pulser.backend import BitStrings, EmulationConfig
from pulser.backend.config import DEFAULT_N_TRAJECTORIES

from runner.domain import digest
from runner.domain.emulations import rounded
from runner.domain.evaluations import observable_uuid
from runner.sequences.check.noise import is_drawn, noise_parts, pulsers_name, said_parts
from runner.sequences.check.state_words import StateWords, eigenstates
from runner.sequences.pulser_api.device_specs import is_emulator
from runner.sequences.pulser_api.pulser_messages import attempt
from runner.spec.models.emulation import ChosenObservable, Noise, label_of
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pulser.backend import Observable as PulserObservable

    from runner.domain.json_values import JsonObject
    from runner.sequences.construction.draft import Draft, Said
    from runner.spec.models.emulation import AnyObservable, Emulation

EMULATION: Final = pointer_of("spec", "emulation")
_NOISE, _OBSERVABLES, _OPTIONS = (child(EMULATION, name) for name in ("noise", "observables", "options"))
_STATE = child(EMULATION, "initial_state")
_SOLVERS: Final = {"EMU_FREE": ("default", "MasterEquation", "MonteCarlo"), "EMU_MPS": ("tdvp", "dmrg")}
_OF_BOTH: Final = ("dt_ns", "max_krylov_dim", "interaction_cutoff")
# What each emulator has for options; one that is not named here takes no configuration.
_OPTIONS_OF: Final = {
    "EMU_FREE": ("accuracy", "sampling_rate", "semantics", "solver"),
    "EMU_SV": (*_OF_BOTH, "krylov_tolerance"),
    "EMU_MPS": (
        *_OF_BOTH,
        *("precision", "max_bond_dim", "extra_krylov_tolerance", "optimize_qubit_ordering", "solver"),
    ),
}
_PARTS: Final = "say times as parts of the duration: times: [0.25, 0.5, 0.75, 1.0]"
_LEAST_SAMPLES: Final = 4
_NOISES_OF_XY: Final = frozenset({"dephasing", "depolarizing", "eff_noise", "SPAM", "leakage", "register"})
_ID_CHARACTERS: Final = 8
# What an observable is; the rest is how Pulser names and averages it.
_IDENTITY: Final = ("observable", "evaluation_times", "state", "operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulationRequest:
    """What is asked of an emulator beside the sequence.

    Args:
        configuration: Abstract representation of an `EmulationConfig`, JSON text, as it is sent.

        physics: What counts of it: noise, initial state, modulation, options. Empty where only observables
            are asked for.

        observables: What each observable is called, by its id: 8 hexadecimal digits of what it is and when.
    """

    configuration: str = ""
    physics: JsonObject = field(default_factory=dict)
    observables: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = EmulationRequest()


def emulation_request(said: Said, draft: Draft, durations: Iterable[int | None]) -> EmulationRequest:
    """What a file asks of its emulator; whatever is wrong with it is noted."""
    spec = said.file.experiment.spec
    if spec.emulation is None:
        return NOTHING
    if not is_emulator(spec.device_type):
        said.findings.note(
            EMULATION,
            f"{spec.device_type} is a machine: it is measured, not emulated",
            "remove emulation, or use an emulator as device_type, for example EMU_FREE",
        )
        return NOTHING
    if spec.device_type not in _OPTIONS_OF:
        takers = ", ".join(_OPTIONS_OF)
        message = f"{spec.device_type} cannot be told how to emulate"
        said.findings.note(
            EMULATION, message, f"remove emulation, or use one that can be as device_type: {takers}"
        )
        return NOTHING
    return _Translation(said, draft, tuple(durations)).request(spec.emulation)


class _Translation:
    """Our words → Pulser's, for one sequence."""

    def __init__(self, said: Said, draft: Draft, durations: tuple[int | None, ...]) -> None:
        self._said, self._draft = said, draft
        self._durations = durations
        self._bases = draft.sequence.get_addressed_bases()
        spec = said.file.experiment.spec
        self._device_type = spec.device_type
        self._is_modulated = spec.emulation is not None and spec.emulation.with_modulation

    def request(self, asked: Emulation) -> EmulationRequest:
        """The whole of it; `NOTHING` where something is wrong, which is noted then."""
        before = len(self._said.problems)
        noise = self._noise(asked.noise)
        self._check_together(asked, noise)
        is_random = noise is not None and is_drawn(noise, has_jumps=self._draws_jumps(asked))
        words = StateWords(self._said, self._draft, noise)
        state = None if asked.initial_state is None else words.state(asked.initial_state, _STATE)
        options = self._options(asked)
        observables = [
            self._observable(each, child(_OBSERVABLES, i), words, is_random=is_random)
            for i, each in enumerate(asked.observables)
        ]
        if len(self._said.problems) > before:
            return NOTHING
        options |= {
            "noise_model": noise,
            "initial_state": state,
            "with_modulation": asked.with_modulation,
            "n_trajectories": asked.n_trajectories or (self._trajectories(asked) if is_random else None),
        }
        written = self._written([each for each in observables if each is not None], options)
        return NOTHING if written is None else self._identified(asked, written, options)

    def _check_together(self, asked: Emulation, noise: NoiseModel | None) -> None:
        """Say what an emulator would refuse when the job runs."""
        if asked.initial_state is not None and noise is not None and noise.state_prep_error:
            message = "failed preparation and an initial state do not go together"
            self._note(_STATE, message, "leave one of them out: atoms that fail are in the ground state")
        kinds = set() if noise is None else set(noise.noise_types)
        if asked.options.solver == "dmrg" and (kinds - {"SPAM"} or (noise and noise.state_prep_error)):
            self._note(child(_OPTIONS, "solver"), "dmrg takes no noise but readout errors", "use tdvp")
        rate = asked.options.sampling_rate or 1.0
        shortest = min((each for each in self._durations if each is not None), default=_LEAST_SAMPLES)
        if int(shortest * rate) < _LEAST_SAMPLES <= shortest:
            message = f"of a job of {shortest} ns, fewer than {_LEAST_SAMPLES} samples are left"
            least = _LEAST_SAMPLES / shortest
            self._note(
                child(_OPTIONS, "sampling_rate"), message, f"say {math.ceil(least * 1e4) / 1e4:g} at least"
            )

    def _draws_jumps(self, asked: Emulation) -> bool:
        """Whether collapse operators act by random jumps: of a pure state, or by a solver that draws them."""
        return self._device_type == "EMU_MPS" or asked.options.solver == "MonteCarlo"

    def _trajectories(self, asked: Emulation) -> int:
        """How often random noise is drawn where the file does not say it."""
        device = self._draft.sequence.device.noise_model if asked.noise == "device" else None
        return (device.runs if device else None) or DEFAULT_N_TRAJECTORIES

    def _written(
        self, observables: Sequence[PulserObservable], options: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The configuration as Pulser writes it down; with bitstrings, as results without are no results."""

        def write() -> str:
            final = BitStrings(evaluation_times=[1.0])
            return EmulationConfig(observables=[*observables, final], **options).to_abstract_repr()

        text = attempt(write, lambda message: self._note(EMULATION, message))
        return None if text is None else json.loads(text)

    def _identified(
        self, asked: Emulation, written: dict[str, Any], options: Mapping[str, Any]
    ) -> EmulationRequest:
        """What counts of it, and its observables by what they are: Pulser names them at random."""
        known: dict[str, str] = {}
        for i, (each, observable) in enumerate(zip(asked.observables, written["observables"], strict=False)):
            parts = {name: observable[name] for name in _IDENTITY if name in observable}
            found = digest(rounded(parts))[:_ID_CHARACTERS]
            if found in known:
                self._note(child(_OBSERVABLES, i), f"this is {known[found]} by another name")
            known[found] = label_of(each)
        for observable, name in zip(written["observables"], [*known, "bitstrings"], strict=False):
            observable["uuid"] = observable_uuid(name)
        physics = dict(options) | {
            "noise_model": noise_parts(options["noise_model"]) or None,
            "initial_state": written["initial_state"],
            "with_modulation": options["with_modulation"] or None,
        }
        said = {name: each for name, each in physics.items() if each is not None}
        plain = json.loads(json.dumps(said, default=_plain))
        return EmulationRequest(configuration=json.dumps(written), physics=rounded(plain), observables=known)

    def _noise(self, asked: Noise | str | None) -> NoiseModel | None:
        if asked is None:
            return None
        if isinstance(asked, Noise) and not self._has_sound_operators(asked):
            return None
        noise = self._made(lambda: said_parts(asked)) if isinstance(asked, Noise) else self._device_noise()
        if noise is not None and "XY" in self._bases:
            for kind in sorted(set(noise.noise_types) - _NOISES_OF_XY):
                taken = ", ".join(sorted(_NOISES_OF_XY))
                self._note(_NOISE, f"the XY basis has no {kind} noise", f"it has: {taken}")
        return noise

    def _has_sound_operators(self, asked: Noise) -> bool:
        """Whether each collapse operator is a matrix of the states that an atom has."""
        letters = eigenstates(self._bases, has_leak=asked.with_leakage)
        for i, each in enumerate(asked.eff_noise):
            if {len(each.operator), *map(len, each.operator)} != {len(letters)}:
                place = child(child(child(_NOISE, "eff_noise"), i), "operator")
                message = f"expected {len(letters)} rows of {len(letters)} numbers"
                self._note(place, message, f"atoms are in {', '.join(letters)} here")
                return False
        return True

    def _device_noise(self) -> NoiseModel | None:
        """That of the sequence's device, but how often it is drawn: there is one place that says it."""
        device = self._draft.sequence.device
        if device.noise_model is None or not device.noise_model.noise_types:
            self._note(
                _NOISE, f"{device.name} has no noise model", "write the noise out, or name another device"
            )
            return None
        return self._made(lambda: noise_parts(device.noise_model))

    def _made(self, parts: Callable[[], Mapping[str, Any]]) -> NoiseModel | None:
        return attempt(lambda: NoiseModel(**parts()), lambda message: self._note(_NOISE, message))

    def _options(self, asked: Emulation) -> dict[str, Any]:
        taken = _OPTIONS_OF[self._device_type]
        options: dict[str, Any] = {}
        for name in asked.options.model_fields_set:
            value = getattr(asked.options, name)
            if value is None:
                continue
            place = child(_OPTIONS, name)
            if name not in taken:
                hint = f"it has: {', '.join(taken)}"
                self._note(place, f"{self._device_type} has no option {name}", hint)
            elif name == "solver" and value not in _SOLVERS[self._device_type]:
                hint = f"it has: {', '.join(_SOLVERS[self._device_type])}"
                self._note(place, f"{self._device_type} has no solver {value}", hint)
            else:
                options[pulsers_name(name)] = value
        return dict(sorted(options.items()))

    def _observable(
        self, asked: AnyObservable, place: str, words: StateWords, *, is_random: bool
    ) -> PulserObservable | None:
        observable = ChosenObservable.model_validate({asked: {}}) if isinstance(asked, str) else asked
        kind, more = observable.chosen, observable.value
        inside = place if isinstance(asked, str) else child(place, kind)
        if kind == "energy_variance" and is_random:
            message = "the variance of the energy is not averaged over trajectories"
            self._note(place, message, "energy and energy_second_moment are")
            return None
        times = self._times(more.times, more.every_ns, child(inside, "every_ns"))
        needs: list[object] = []
        if kind == "fidelity":
            needs = [words.state(more.state, child(inside, "state"))]
        if kind == "expectation":
            needs = [words.operator(more.operator, child(inside, "operator"))]
        if times is None or None in needs:
            return None
        made: Callable[..., PulserObservable] = getattr(pulser_backend, _camel(kind))
        return attempt(
            lambda: made(*needs, evaluation_times=times, tag_suffix=more.name),
            lambda message: self._note(inside, message),
        )

    def _times(
        self, times: Sequence[float] | None, every_ns: int | None, place: str
    ) -> tuple[float, ...] | None:
        if every_ns is None:
            return tuple(times or (1.0,))
        if self._is_modulated:
            self._note(place, "with modulation, how long a job lasts is known after it", _PARTS)
            return None
        known = sorted({each for each in self._durations if each is not None})
        if not known:
            return (1.0,)  # nothing could be built, and why is told elsewhere
        if len(known) > 1:
            message = f"jobs last {known[0]} to {known[-1]} ns, and one batch has the same times for all"
            self._note(place, message, _PARTS)
            return None
        (duration_ns,) = known
        steps = range(every_ns, duration_ns, every_ns)
        return (*(step / duration_ns for step in steps), 1.0)

    def _note(self, place: str, message: str, hint: str = "") -> None:
        self._said.findings.note(place, message, hint)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _plain(value: Any) -> Any:
    """Plain data of what NumPy has."""
    if isinstance(value, complex):
        return {"real": value.real, "imag": value.imag}
    return np.asarray(value).tolist()

"""How an emulator emulates: noise, initial state, options, and the observables that it evaluates."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runner.emulation import accuracy as accuracies
from runner.spec.models.base import Choice, Number, Real, Some, Strict, by_kind, key, optional

MOST_OBSERVABLES = 12
_MOST_TRAJECTORIES = 10_000
_MOST_AMPLITUDES = 4096
_NonNegative = Annotated[Real, Field(ge=0)]
_Probability = Annotated[Real, Field(ge=0, le=1)]
_Atom = Annotated[str, Field(min_length=1, max_length=60)]


class ComplexNumber(Strict):
    """A complex number by its parts."""

    real: Real = key("Real part.", 0.0, default=0.0)
    imag: Real = key("Imaginary part.", 1.0, default=0.0)


Complex = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[ComplexNumber, Tag("<mapping>")],
    by_kind("a number, or a mapping with real and imag"),
]


def as_complex(value: float | ComplexNumber) -> complex:
    """The number that stands in the file."""
    return complex(value.real, value.imag) if isinstance(value, ComplexNumber) else complex(value)


class PureState(Strict):
    """A pure state of all atoms; it is normalised."""

    amplitudes: Annotated[dict[str, Complex], Field(min_length=1, max_length=_MOST_AMPLITUDES)] = key(
        "Amplitude of each basis state: a character an atom, in the order of the register, 0 and 1 as they"
        " are measured, or Pulser's letters (r, g, h, u, d).",
        {"0101": 1},
        {"rg": 1, "gr": -1},
    )


class Factor(Strict):
    """An operator on one atom, for each of some atoms."""

    projectors: Annotated[
        dict[Annotated[str, Field(min_length=2, max_length=2)], Complex], Field(min_length=1)
    ] = key(
        "Sum of |a⟩⟨b|, by the two characters ab, with a coefficient each: 0 and 1, or Pulser's letters.",
        {"11": 1, "00": -1},
    )
    atoms: Some[_Atom] = key("Names of the atoms that it acts on.", ["q0", "q1"])


class Term(Strict):
    """A product of operators on different atoms, with a coefficient."""

    coefficient: Complex = key("What the product is multiplied by.", 0.5, default=1)
    factors: Some[Factor] = key(
        "The factors; atoms that none of them names are left as they are.",
        [{"projectors": {"11": 1}, "atoms": ["q0"]}],
    )


class EvaluatedObservable(Strict):
    """An observable: when it is evaluated, and what it is called."""

    times: Annotated[Some[_Probability], Field(max_length=1000)] | None = optional(
        "When it is evaluated, as parts of the duration; left out, at the end.", [0.25, 0.5, 0.75, 1.0]
    )
    every_ns: Annotated[int, Field(ge=1)] | None = optional(
        "Time between evaluations (in ns), and one at the end; where all jobs last equally long.",
        100,
    )
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)] | None = optional(
        "What tells it from others of its kind.", "parity"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.times is not None and self.every_ns is not None:
            raise PydanticCustomError("times", "expected times or every_ns, not both")
        if self.times is not None and list(self.times) != sorted(set(self.times)):
            raise PydanticCustomError("times", "expected times in ascending order, each once")
        return self


class Fidelity(EvaluatedObservable):
    """Overlap with a state, |⟨state|ψ⟩|²."""

    state: PureState = key("The state.", {"amplitudes": {"0101": 1}})


class Expectation(EvaluatedObservable):
    """Mean of an operator."""

    operator: Annotated[Some[Term], Field(max_length=1000)] = key(
        "The operator, as a sum of products.",
        [{"coefficient": 0.5, "factors": [{"projectors": {"11": 1, "00": -1}, "atoms": ["q0", "q1"]}]}],
    )


class ChosenObservable(Choice):
    """One observable, by its kind."""

    occupation: EvaluatedObservable | None = optional(
        "Probability of each atom to be measured as 1.", {"times": [0.5, 1.0]}
    )
    correlation_matrix: EvaluatedObservable | None = optional(
        "Probability of each pair of atoms to be measured as 1 both.", {"times": [1.0]}
    )
    energy: EvaluatedObservable | None = optional(
        "Mean of the Hamiltonian at that time (in rad/µs).", {"every_ns": 100}
    )
    energy_second_moment: EvaluatedObservable | None = optional("Mean of its square.", {"times": [1.0]})
    energy_variance: EvaluatedObservable | None = optional(
        "Its variance; only without trajectories.", {"times": [1.0]}
    )
    fidelity: Fidelity | None = optional("Overlap with a state.", {"state": {"amplitudes": {"0101": 1}}})
    expectation: Expectation | None = optional(
        "Mean of an operator.", {"operator": [{"factors": [{"projectors": {"11": 1}, "atoms": ["q0"]}]}]}
    )


PlainObservable = Literal[
    "occupation", "correlation_matrix", "energy", "energy_second_moment", "energy_variance"
]
AnyObservable = Annotated[
    Annotated[PlainObservable, Tag("<text>")] | Annotated[ChosenObservable, Tag("<mapping>")],
    by_kind("the name of an observable, or a mapping with one"),
]


class Collapse(Strict):
    """An effective noise channel: a collapse operator with its rate."""

    rate_per_us: _NonNegative = key("Its rate (in 1/µs).", 0.1)
    operator: Annotated[
        tuple[Annotated[tuple[Complex, ...], Field(strict=False)], ...], Field(strict=False)
    ] = key("Its matrix, row by row, in Pulser's order of the states.", [[0, 1], [0, 0]])


class Noise(Strict):
    """A noise model, as Pulser's `NoiseModel` has it; what is left out is 0."""

    temperature_uk: _NonNegative = key(
        "Temperature of the atoms (in µK): Doppler shifts, and with a trap also places.",
        30,
        default=0,
        alias="temperature_uK",
    )
    disable_doppler: bool = key("Whether the temperature shifts no frequency.", True, default=False)
    trap_waist_um: _NonNegative = key("Waist of the traps (in µm).", 1.0, default=0)
    trap_depth_uk: Annotated[Real, Field(gt=0)] | None = optional(
        "Depth of the traps (in µK).", 150, alias="trap_depth_uK"
    )
    laser_waist_um: Annotated[Real, Field(gt=0)] | None = optional("Waist of the global beams (in µm).", 100)
    amp_sigma: _Probability = key("Relative fluctuation of the amplitude from shot to shot.", 0.03, default=0)
    detuning_sigma_rad_per_us: _NonNegative = key(
        "Fluctuation of the detuning from shot to shot (in rad/µs).", 0.1, default=0
    )
    detuning_hf_psd: Annotated[tuple[_NonNegative, ...], Field(strict=False)] = key(
        "One-sided power spectral density of quick fluctuations of the detuning (in rad/µs), for each of"
        " detuning_hf_omegas_rad_per_us.",
        [0.1, 0.05],
        default=(),
    )
    detuning_hf_omegas_rad_per_us: Annotated[tuple[_NonNegative, ...], Field(strict=False)] = key(
        "Angular frequencies of these (in rad/µs).", [1.0, 10.0], default=()
    )
    state_prep_error: _Probability = key("Probability that an atom is not prepared.", 0.005, default=0)
    p_false_pos: _Probability = key("Probability that 0 is read as 1.", 0.01, default=0)
    p_false_neg: _Probability = key("Probability that 1 is read as 0.", 0.04, default=0)
    relaxation_rate_per_us: _NonNegative = key("Rate of decay of |r⟩, 1/T1 (in 1/µs).", 0.01, default=0)
    dephasing_rate_per_us: _NonNegative = key(
        "Rate of dephasing of |r⟩ and |g⟩, 1/T2* (in 1/µs).", 0.05, default=0
    )
    hyperfine_dephasing_rate_per_us: _NonNegative = key(
        "Rate of dephasing of hyperfine states (in 1/µs).", 0.001, default=0
    )
    depolarizing_rate_per_us: _NonNegative = key("Rate of depolarizing (in 1/µs).", 0.05, default=0)
    eff_noise: Annotated[tuple[Collapse, ...], Field(strict=False)] = key(
        "Effective noise channels.", [{"rate_per_us": 0.1, "operator": [[0, 1], [0, 0]]}], default=()
    )
    with_leakage: bool = key(
        "Whether atoms have an error state x, which eff_noise leads to.", True, default=False
    )
    dmm_sigma: _NonNegative = key("Relative fluctuation of a DMM's detuning.", 0.02, default=0)
    detuning_map_spot_waist_um: Annotated[Real, Field(gt=0)] | None = optional(
        "Waist of the spots of a detuning map (in µm).", 1.0
    )


class EmulatorOptions(Strict):
    """Options of one emulator; another one refuses them."""

    sampling_rate: Annotated[Real, Field(gt=0, le=1)] | None = optional(
        "Part of the samples that are evolved. EMU_FREE.", 0.1
    )
    solver: Literal["default", "MasterEquation", "MonteCarlo", "tdvp", "dmrg"] | None = optional(
        "Solver: default, MasterEquation or MonteCarlo of EMU_FREE, tdvp or dmrg of EMU_MPS.",
        "MonteCarlo",
    )
    accuracy: Annotated[Real, Field(ge=accuracies.FINEST, le=accuracies.COARSEST)] | None = optional(
        "Largest error of a state, as the 2-norm; 1e-4 if left out. EMU_FREE of the local cloud.", 1e-6
    )
    semantics: Literal["linear", "pulser"] | None = optional(
        "What is between the samples of a pulse: straight lines that end at its edges, or Pulser's splines"
        " across them. EMU_FREE of the local cloud; linear if left out.",
        "pulser",
    )
    dt_ns: Annotated[Number, Field(gt=0)] | None = optional("Time step (in ns). EMU_SV, EMU_MPS.", 10)
    max_krylov_dim: Annotated[int, Field(ge=1)] | None = optional(
        "Most Krylov vectors. EMU_SV, EMU_MPS.", 100
    )
    interaction_cutoff: _NonNegative | None = optional(
        "Weaker interactions are left out (in rad/µs). EMU_SV, EMU_MPS.", 0.0
    )
    krylov_tolerance: Annotated[Real, Field(gt=0)] | None = optional("Tolerance of a step. EMU_SV.", 1e-10)
    precision: Annotated[Real, Field(gt=0)] | None = optional("Largest truncation of a step. EMU_MPS.", 1e-6)
    max_bond_dim: Annotated[int, Field(ge=1)] | None = optional("Largest bond dimension. EMU_MPS.", 512)
    extra_krylov_tolerance: Annotated[Real, Field(gt=0)] | None = optional(
        "Tolerance of a step as part of the precision. EMU_MPS.", 1e-3
    )
    optimize_qubit_ordering: bool | None = optional(
        "Whether the emulator reorders the atoms inside. EMU_MPS.", True
    )


def _told_apart(observables: tuple[AnyObservable, ...]) -> tuple[AnyObservable, ...]:
    labels = [label_of(each) for each in observables]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        context = {"label": twice}
        raise PydanticCustomError("observables", "{label} stands here twice: give them a name each", context)
    return observables


def label_of(observable: PlainObservable | ChosenObservable) -> str:
    """What an observable is called in results: its kind, and the name that it was given."""
    if isinstance(observable, str):
        return observable
    name = observable.value.name
    return f"{observable.chosen}_{name}" if name else observable.chosen


class Emulation(Strict):
    """How the device type, which is an emulator, emulates."""

    noise: (
        Annotated[
            Annotated[Literal["device"], Tag("<text>")] | Annotated[Noise, Tag("<mapping>")],
            by_kind("device, for the noise model of the sequence's device, or a mapping"),
        ]
        | None
    ) = optional(
        "The noise model, or `device` for that of the sequence's device; left out, there is no noise.",
        {"temperature_uK": 30, "amp_sigma": 0.03, "p_false_pos": 0.01, "p_false_neg": 0.04},
        "device",
    )
    n_trajectories: Annotated[int, Field(ge=1, le=_MOST_TRAJECTORIES)] | None = optional(
        "How many times random noise is drawn; results are averaged. Left out, 40 where noise is random.", 100
    )
    observables: Annotated[
        tuple[AnyObservable, ...],
        Field(strict=False, max_length=MOST_OBSERVABLES),
        AfterValidator(_told_apart),
    ] = key(
        "What is evaluated beside the bitstrings.", ["occupation", {"energy": {"every_ns": 100}}], default=()
    )
    initial_state: PureState | None = optional(
        "The state at the beginning; left out, all atoms are in the ground state.",
        {"amplitudes": {"0101": 1}},
    )
    with_modulation: bool = key(
        "Whether pulses are emulated as the modulators of the device play them.", True, default=False
    )
    options: EmulatorOptions = key(
        "Options of the emulator.", {"dt_ns": 10, "max_bond_dim": 512}, default_factory=EmulatorOptions
    )

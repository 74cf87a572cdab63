"""Backend configurations as JSON: what may be asked of an emulator, and what is added before it runs. Pure.

A backend configuration is the abstract representation of Pulser's `EmulationConfig`; that it is one at all is
for Pulser to say (see `runner.local.validation.sequences`). What is said here is what Pulser learns too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict, TypeGuard

from runner.emulation import accuracy as accuracies
from runner.local.rules.device_types import MAX_RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Times = Sequence[float] | Literal["Full"]


class StateConfig(TypedDict):
    """A state of all qubits."""

    amplitudes: Mapping[str, object]


class OperatorConfig(TypedDict):
    """An operator on all qubits."""

    n_qudits: int


class ObservableConfig(TypedDict):
    """What is measured, and when; observables differ in what else they have."""

    observable: str
    tag_suffix: str | None
    evaluation_times: Times | None
    num_shots: NotRequired[int | None]
    one_state: NotRequired[str | None]
    state: NotRequired[StateConfig]
    operator: NotRequired[OperatorConfig]


class BackendConfig(TypedDict):
    """A backend configuration, with those of its options that are looked at here."""

    observables: Sequence[ObservableConfig]
    default_evaluation_times: Times
    default_num_shots: NotRequired[int]
    n_trajectories: NotRequired[int]
    sampling_rate: NotRequired[object]
    accuracy: NotRequired[object]
    semantics: NotRequired[object]
    interaction_cutoff: NotRequired[object]
    initial_state: NotRequired[StateConfig | None]
    interaction_matrix: NotRequired[Sequence[Sequence[object]] | None]


MAX_TRAJECTORIES = 10_000
DEFAULT_SHOTS = 1000
# The observable that is added for the counter when the client's own bitstrings are taken at other times.
ADDED_SUFFIX = "counter"

_COMMON = frozenset(
    {
        *("callbacks", "observables", "default_evaluation_times", "initial_state", "with_modulation"),
        *("interaction_matrix", "prefer_device_noise_model", "noise_model", "n_trajectories"),
        "default_num_shots",
    }
)
# What only QuTiP knows of EMU_FREE's options, and what only the solver of this project does.
QUTIP_OPTIONS = frozenset({"sampling_rate", "solver", "semantics"})
SOLVER_OPTIONS = frozenset({"accuracy", "semantics"})
SEMANTICS = ("linear", "pulser")
_SOLVER = frozenset({"dt", "max_krylov_dim", "interaction_cutoff", "solver"})
# What each emulator takes beside that.
_OPTIONS: Mapping[str, frozenset[str]] = {
    "EMU_FREE": QUTIP_OPTIONS | SOLVER_OPTIONS,
    "EMU_SV": _SOLVER | {"krylov_tolerance"},
    "EMU_MPS": _SOLVER | {"precision", "max_bond_dim", "extra_krylov_tolerance", "optimize_qubit_ordering"},
}
# Where it runs and what it prints or saves meanwhile is for this machine to say; these change no result.
_LEFT_OUT: Mapping[str, frozenset[str]] = {
    "EMU_FREE": frozenset({"print_progress", "progress_bar"}),
    "EMU_SV": frozenset({"gpu", "log_level", "log_file"}),
    "EMU_MPS": frozenset(
        {"gpu", "num_gpus_to_use", "log_level", "log_file", "autosave_prefix", "autosave_dt"}
    ),
}


def own_options(device_type: str) -> frozenset[str]:
    """The options that a device type's own emulator has, and no other one."""
    return _OPTIONS[device_type]


def takes_configuration(device_type: str) -> bool:
    """Whether batches of a device type may have a backend configuration."""
    return device_type in _OPTIONS


def problems(config: BackendConfig, device_type: str) -> Iterator[str]:
    """Why an emulator would not take a configuration that is well formed."""
    taken = _COMMON | _OPTIONS[device_type]
    for name in sorted(config.keys() - taken - _LEFT_OUT[device_type]):
        known = ", ".join(sorted(taken))
        yield f"{device_type} has no option {name}; it has {known}."
    if device_type == "EMU_FREE" and config.get("interaction_matrix") is not None:
        yield "EMU_FREE takes no interaction_matrix."
    if not _is_number(rate := config.get("sampling_rate", 1.0)) or not 0 < rate <= 1:
        yield "The sampling_rate must be greater than 0, and at most 1."
    finest, coarsest = accuracies.FINEST, accuracies.COARSEST
    if not _is_number(accuracy := config.get("accuracy", coarsest)) or not finest <= accuracy <= coarsest:
        yield f"The accuracy must be between {finest:g} and {coarsest:g}."
    if config.get("semantics", SEMANTICS[0]) not in SEMANTICS:
        yield f"The semantics must be one of {', '.join(SEMANTICS)}."
    if config.get("n_trajectories", 1) > MAX_TRAJECTORIES:
        yield f"At most {MAX_TRAJECTORIES} n_trajectories are emulated here."
    if config.get("default_num_shots", DEFAULT_SHOTS) < 1:
        yield "The default_num_shots must be at least 1."
    if any(shots > MAX_RUNS for shots in _numbers_of_shots(config)):
        yield f"At most {MAX_RUNS} shots are taken here."


def asks_for_qutip(config: BackendConfig) -> bool:
    """Whether a configuration asks EMU_FREE for what QuTiP makes of samples."""
    return config.get("semantics") == "pulser" or config.get("sampling_rate", 1.0) != 1.0


def misfits(config: BackendConfig, n_qubits: int) -> Iterator[str]:
    """Why a configuration does not fit a register of so many qubits."""
    for what, n in _sizes(config):
        if n != n_qubits:
            yield f"{what} is for {n} qubits; the register has {n_qubits}."


def shots(config: BackendConfig) -> int:
    """How many shots the configuration asks for when its job does not say how many runs."""
    explicit = [each["num_shots"] for each in config["observables"] if _is_counter(each, config)]
    return int(next(iter(explicit), None) or config.get("default_num_shots", DEFAULT_SHOTS))


def leaves_shots(config: BackendConfig) -> bool:
    """Whether the configuration leaves the number of its final bitstrings to the job."""
    return not any(each.get("num_shots") for each in config["observables"] if _is_counter(each, config))


def completed(
    config: BackendConfig, device_type: str, runs: int, one_state: str | None = None
) -> dict[str, object]:
    """The configuration with which a job runs: bitstrings at the end are in it, and numbers of shots.

    A number of shots that the configuration gives is kept, and so is the state that is 1.

    Args:
        config: As the client gave it.

        device_type: What runs the job.

        runs: Shots where the configuration gives no number.

        one_state: The state that is 1 where the configuration names none; None leaves it to the emulator.
    """
    kept = {name: value for name, value in config.items() if name not in _LEFT_OUT[device_type]}
    observables = [*config["observables"]]
    if not any(_is_counter(each, config) for each in observables):
        observables.append(_added_bitstrings(observables, runs))
    missing = {"num_shots": runs, "one_state": one_state}
    return kept | {"observables": [_filled(each, missing) for each in observables]}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filled(observable: ObservableConfig, missing: Mapping[str, object]) -> dict[str, object]:
    """An observable with values for those of its options that have none."""
    values = dict(observable)
    empty = [name for name in missing if name in values and values[name] is None]
    return values | {name: missing[name] for name in empty}


def _is_counter(observable: ObservableConfig, config: BackendConfig) -> bool:
    """Whether an observable gives what Pulser calls the final bitstrings."""
    if observable["observable"] != "bitstrings" or observable["tag_suffix"] is not None:
        return False
    times = observable["evaluation_times"]
    if times is None:
        times = config["default_evaluation_times"]
    return times == "Full" or 1.0 in times


def _added_bitstrings(observables: list[ObservableConfig], runs: int) -> ObservableConfig:
    is_taken = any(each["observable"] == "bitstrings" and each["tag_suffix"] is None for each in observables)
    return {
        "observable": "bitstrings",
        "evaluation_times": [1.0],
        "num_shots": runs,
        "one_state": None,
        "tag_suffix": ADDED_SUFFIX if is_taken else None,
    }


def _numbers_of_shots(config: BackendConfig) -> Iterator[int]:
    yield config.get("default_num_shots", DEFAULT_SHOTS)
    for each in config["observables"]:
        yield each.get("num_shots") or 0


def _sizes(config: BackendConfig) -> Iterator[tuple[str, int]]:
    """What has a number of qubits of its own, and that number."""
    state, matrix = config.get("initial_state"), config.get("interaction_matrix")
    if state is not None:
        yield "The initial_state", _state_size(state)
    if matrix is not None:
        yield "The interaction_matrix", len(matrix[0])
    for each in config["observables"]:
        if "state" in each:
            yield "The state of a fidelity", _state_size(each["state"])
        if "operator" in each:
            yield "The operator of an expectation", each["operator"]["n_qudits"]


def _state_size(state: StateConfig) -> int:
    return len(next(iter(state["amplitudes"]), ""))

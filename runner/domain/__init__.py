"""The words everybody uses: statuses, digests, what is desired, what is observed, counts, expressions.

Frozen values and pure functions. No I/O, no clock, no network, and nothing that only one room needs.
"""

from runner.domain.counts import built_qubits, merged_counts, most_frequent
from runner.domain.counts_check import CheckedCounts, checked_counts
from runner.domain.desired import (
    BatchMode,
    Budget,
    DesiredExperiment,
    DesiredJob,
    DeviceSource,
    OnDeviceChange,
    OnUnknown,
    Policy,
    Retry,
    RunsMode,
    Shortfall,
    Submission,
    Surplus,
)
from runner.domain.digests import (
    canonical_json,
    digest,
    file_digest,
    job_key,
    own_sequence_key,
    recipe_digest,
    recipe_parts,
    repetition_key,
)
from runner.domain.identity import constants_differences, constants_digest, constants_of
from runner.domain.observed import ObservedBatch, ObservedJob, RecordedJob
from runner.domain.statuses import BatchStatus, JobStatus

__all__ = [
    "BatchMode",
    "BatchStatus",
    "Budget",
    "CheckedCounts",
    "DesiredExperiment",
    "DesiredJob",
    "DeviceSource",
    "JobStatus",
    "ObservedBatch",
    "ObservedJob",
    "OnDeviceChange",
    "OnUnknown",
    "Policy",
    "RecordedJob",
    "Retry",
    "RunsMode",
    "Shortfall",
    "Submission",
    "Surplus",
    "built_qubits",
    "canonical_json",
    "checked_counts",
    "constants_differences",
    "constants_digest",
    "constants_of",
    "digest",
    "file_digest",
    "job_key",
    "merged_counts",
    "most_frequent",
    "own_sequence_key",
    "recipe_digest",
    "recipe_parts",
    "repetition_key",
]

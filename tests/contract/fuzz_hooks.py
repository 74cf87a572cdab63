"""What schemathesis is told of the local cloud: real sequences, ids that exist, and what it has reached.

It is loaded by schemathesis' own process (SCHEMATHESIS_HOOKS); the environment names the project of the token
and the file that every answer is noted in.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from hypothesis import strategies
from pulser import Pulse, Register, Sequence
from pulser.backend import BitStrings, EmulationConfig
from pulser.devices import AnalogDevice

PROJECT = os.environ["FUZZ_PROJECT"]
REACHED = Path(os.environ["FUZZ_REACHED"])
CREATE, ADD = "POST /api/v1/batches", "POST /api/v2/batches/{batch_id}/jobs"
RESULTS_LINK = "GET /api/v1/jobs/{job_id}/results_link"
# A device of which nothing starts, so that jobs can be canceled before they run.
PAUSED = os.environ["FUZZ_PAUSED"]


def a_sequence(*, is_parametrised):
    """Two atoms under one pulse of an amplitude that is a variable, or not; emulated in milliseconds."""
    sequence = Sequence(Register.rectangle(1, 2, spacing=6.0, prefix="q"), AnalogDevice)
    sequence.declare_channel("global", "rydberg_global")
    amplitude = sequence.declare_variable("amplitude") if is_parametrised else 6.0
    sequence.add(Pulse.ConstantPulse(100, amplitude, 0.0, 0.0), "global")
    return sequence.to_abstract_repr()


PLAIN, PARAMETRISED = a_sequence(is_parametrised=False), a_sequence(is_parametrised=True)
CONFIGURATION = EmulationConfig(observables=[BitStrings(num_shots=7)]).to_abstract_repr()
schemathesis.openapi.format("pulser-sequence", strategies.sampled_from([PLAIN, PARAMETRISED]))
schemathesis.openapi.format("pulser-emulation-config", strategies.just(CONFIGURATION))


def draw(value, n):
    """A number below n that depends on nothing but the value."""
    return zlib.crc32(json.dumps(value, sort_keys=True, default=str).encode()) % n


def a_job(job, *, is_parametrised):
    """A job that runs, as like as can be to one that may not."""
    values = {"amplitude": draw(job, 10) * 1.0} if is_parametrised else None
    return {"runs": 1 + draw(job, 50), "variables": values}


def a_batch(body):
    """A batch that is accepted, as like as can be to one that may not be."""
    is_parametrised = draw(body, 4) > 1
    jobs = [a_job(job, is_parametrised=is_parametrised) for job in (body.get("jobs") or [{}])[:3]]
    return {
        "project_id": PROJECT,
        "sequence_builder": PARAMETRISED if is_parametrised else PLAIN,
        "device_type": ["EMU_FREE", PAUSED][draw(body, 2)],
        "jobs": jobs,
        "open": body.get("open", False),
        "tags": body.get("tags"),
    }


EXAMPLES = {
    CREATE: {
        "open and paused": a_batch({"open": True, "jobs": [{}, {}]}) | {"device_type": PAUSED},
        "soon done": a_batch({"jobs": [{}]}) | {"device_type": "EMU_FREE"},
        "without jobs": {"project_id": PROJECT, "device_type": "EMU_FREE", "open": True},
        "a sequence for each job": {
            "project_id": PROJECT,
            "device_type": "EMU_FREE",
            "jobs": [{"runs": 5, "sequence": PLAIN}, {"runs": 7, "sequence": PLAIN}],
        },
        "as the configuration says": {
            "project_id": PROJECT,
            "sequence_builder": PLAIN,
            "device_type": "EMU_FREE",
            "jobs": [{}],
            "backend_configuration": CONFIGURATION,
        },
    },
    ADD: {"a job with its own sequence": [{"runs": 3, "sequence": PLAIN}]},
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Valid bodies; only Pulser can write them."""
    for label, examples in EXAMPLES.items():
        method, path = label.split()
        content = raw_schema["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
        content["examples"] = {name: {"value": value} for name, value in examples.items()}


# Things that are as a call needs them, which generated requests rarely find.
FOUND = {"batch_id": [], "job_id": [], "link": []}
NEEDS = {
    ADD: "batch_id",
    "PATCH /api/v2/jobs/{job_id}/cancel": "job_id",
    "GET /results/{link}": "link",
}


@schemathesis.hook
def map_case(context, case):
    """Half of what is valid by its schema becomes valid altogether."""
    if (
        case.meta is None
        or case.meta.generation.mode.is_negative
        or draw([case.body, case.path_parameters], 2)
    ):
        return case
    label = case.operation.label
    if label == CREATE and isinstance(case.body, dict):
        case.body = a_batch(case.body)
    if label == ADD and isinstance(case.body, list):
        case.body = [{"runs": 1 + draw(job, 50), "sequence": PLAIN} for job in case.body[:3]]
    if label in NEEDS and FOUND[NEEDS[label]]:
        case.path_parameters = {NEEDS[label]: FOUND[NEEDS[label]][-1]}
    return case


@schemathesis.hook
def after_call(context, case, response):
    """Note what was answered, and what has been found."""
    label = case.operation.label
    with REACHED.open("a", encoding="utf-8") as file:
        file.write(f"{response.status_code} {response.request.method} {label.split()[1]}\n")
    if response.status_code != 200 or label not in (CREATE, RESULTS_LINK):
        return
    found = response.json()["data"]
    if label == RESULTS_LINK:
        FOUND["link"].extend([found["results_link"].rpartition("/")[2]] if found["results_link"] else [])
    elif found["device_type"] == PAUSED:
        FOUND["job_id"].extend(job["id"] for job in found["jobs"])
        FOUND["batch_id"].extend([found["id"]] if found["open"] else [])


@schemathesis.check
def refuses_words_it_does_not_know(ctx, response, case):
    """Also inside of repeated keys, where schemathesis' own check of invalid values looks away."""
    declared = {each["name"]: each["schema"] for each in case.operation.definition.raw.get("parameters", ())}
    for name, value in parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True):
        one = declared.get(name, {}).get("items", {})
        words = ["true", "false", "1", "0"] if one.get("type") == "boolean" else one.get("enum")
        is_known = words is None or value in words or value.lower() in words
        assert is_known or response.status_code >= 400, f"{name}={value} was accepted"

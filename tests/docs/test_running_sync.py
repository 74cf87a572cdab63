"""The examples that keep a sync running: their words exist, and they agree with each other."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from patience import PATIENCE_S

from runner.cli.commands.sync import sync

DOCS = Path(__file__).parents[2] / "docs"
CONTAINER = (DOCS / "examples" / "Containerfile").read_text(encoding="utf-8")
UNIT = (DOCS / "examples" / "runner-sync.service").read_text(encoding="utf-8")
MANIFEST = list(yaml.safe_load_all((DOCS / "examples" / "runner-sync.yaml").read_text(encoding="utf-8")))
PAGE = (DOCS / "running-sync.md").read_text(encoding="utf-8")


def of_unit(key):
    """What the unit says for a key; the last line wins."""
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)[-1]


def the_container():
    """The one of the manifest."""
    (found,) = MANIFEST[1]["spec"]["template"]["spec"]["containers"]
    return found


def commands():
    """The words behind `runner sync`, of every example and of the page."""
    entry, words = (
        json.loads(re.findall(rf"^{key} (\[.*\])$", CONTAINER, re.MULTILINE)[0])
        for key in ("ENTRYPOINT", "CMD")
    )
    page = re.findall(r"^(?:runner|  )? ?sync (https.*)$", PAGE, re.MULTILINE)
    found = {
        "container": [*entry, *words],
        "unit": shlex.split(of_unit("ExecStart")),
        "manifest": ["runner", *the_container()["args"]],
        **{f"page {n}": ["runner", "sync", *shlex.split(text)] for n, text in enumerate(page)},
    }
    assert {"sync"} == {words[words.index("sync")] for words in found.values()}
    return {name: words[words.index("sync") + 1 :] for name, words in found.items()}


def parsed(words):
    """The options that the command line makes of words; nothing is carried out."""
    with click.Context(sync) as context:
        sync.parse_args(context, list(words))
        return dict(context.params)


def test_every_word_is_one_of_the_command():
    """It goes on, listens where it says, and may spend."""
    found = {name: parsed(words) for name, words in commands().items()}

    assert {"container", "unit", "manifest", "page 0", "page 1"} == set(found)
    assert {(False, True, "9400")} == {
        (each["once"], each["yes"], each["listen"].rpartition(":")[2]) for each in found.values()
    }
    assert ["/var/lib/runner/clone", "/var/lib/runner/clone", "/var/lib/runner-sync/clone"] == [
        str(found[name]["folder"]) for name in ("container", "manifest", "unit")
    ]


def test_ports_folders_and_users_agree():
    """What is asked for its health is what listens, and the clone is in what is kept."""
    pod, container = MANIFEST[1]["spec"]["template"], the_container()
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    claims = {each["metadata"]["name"] for each in MANIFEST[1]["spec"]["volumeClaimTemplates"]}
    volumes = claims | {each["name"] for each in pod["spec"]["volumes"]}

    assert {"/healthz"} == {
        container["livenessProbe"]["httpGet"]["path"],
        *re.findall(r":9400(/\w+)", CONTAINER),
    }
    assert [{"name": container["livenessProbe"]["httpGet"]["port"], "containerPort": 9400}] == container[
        "ports"
    ]
    assert ("9400", "/metrics") == tuple(
        pod["metadata"]["annotations"][f"prometheus.io/{key}"] for key in ("port", "path")
    )
    assert [mounts["state"]] == re.findall(r"^VOLUME (.*)$", CONTAINER, re.MULTILINE)
    assert (set(mounts), {"state"}) == (volumes, claims)
    assert [f"{pod['spec']['securityContext']['runAsUser']}"] == re.findall(
        r"^USER (\d+)", CONTAINER, re.MULTILINE
    )
    assert "/var/lib/" + of_unit("StateDirectory") == of_unit("WorkingDirectory")


def test_the_manifest_has_one_replica_without_rights():
    """Its secrets come from a Secret, and its labels find it."""
    state, container = MANIFEST[1]["spec"], the_container()
    secrets = {each["name"] for each in container["env"] if "valueFrom" in each}

    assert ["ConfigMap", "StatefulSet"] == [each["kind"] for each in MANIFEST]
    assert (1, state["selector"]["matchLabels"]) == (
        state["replicas"],
        state["template"]["metadata"]["labels"],
    )
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]
    assert {"PASQAL_USERNAME", "PASQAL_PASSWORD", "PASQAL_PROJECT_ID"} == secrets
    assert state["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_systemd_understands_the_unit(tmp_path):
    """Every key and value of it; the runner itself need not be installed."""
    judge = shutil.which("systemd-analyze")
    if judge is None:
        pytest.skip("systemd-analyze is not here: nobody has judged the unit")
    unit = tmp_path / "runner-sync.service"
    unit.write_text(UNIT.replace("/opt/runner/bin/runner", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        [judge, "verify", str(unit)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert (0, []) == (done.returncode, [line for line in done.stderr.splitlines() if "runner-sync" in line])


def test_every_figure_of_the_page_is_served():
    """And the page names all that are."""
    source = (DOCS.parent / "runner" / "project" / "sync" / "metrics.py").read_text(encoding="utf-8")
    served = set(re.findall(r'"(runner_\w+)"', source))

    assert served == set(re.findall(r"`(runner_\w+)", PAGE))

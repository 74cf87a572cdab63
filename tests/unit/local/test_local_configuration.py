"""The configuration file of a server."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from patience import PATIENCE_S

from runner.errors import LocalCloudError
from runner.local.protocol.configuration import Configuration, read_configuration

TOKEN = "secret-0123456789abcdef"
TOML = f"""
tokens = {{ mine = "{TOKEN}" }}
results = {{ link_lifetime_s = 60 }}

[[faults]]
effect = "delay"
delay_s = 2.5
path = "/api/v1/batches"
"""
VALUE = {
    "tokens": {"mine": TOKEN},
    "results": {"link_lifetime_s": 60},
    "faults": [{"effect": "delay", "delay_s": 2.5, "path": "/api/v1/batches"}],
}


def written(tmp_path, text, name="cloud.toml"):
    """A file with this text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_toml_and_json_say_the_same(tmp_path):
    """A file is read by the end of its name, and an empty one is no configuration."""
    expected = Configuration.model_validate(VALUE)

    assert expected == read_configuration(written(tmp_path, TOML))
    assert expected == read_configuration(written(tmp_path, json.dumps(VALUE), "cloud.json"))
    assert Configuration() == read_configuration(written(tmp_path, "", "empty.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tokens", "cannot be read"),
        (f"tokens = {'[' * 10_000}", "cannot be read"),
        ("colour = 'red'", "colour: Extra inputs are not permitted"),
        ("tokens = {p = 'short'}", "tokens.p: Value error, a token has at least 16 visible ASCII characters"),
        (f"tokens = {{p = '{TOKEN} {TOKEN}'}}", "visible ASCII"),
        (f"tokens = {{p = '{TOKEN}', q = '{TOKEN}'}}", "needs a token of its own"),
        (f"tokens = {{p = '{TOKEN}'}}\ncontrol = {{enabled = true}}", "needs a control.token"),
        (f"tokens = {{p = '{TOKEN}'}}\nfaults = [{{effect = 'fly'}}]", "faults.0: Input tag 'fly'"),
        ("results = {link_lifetime_s = '60'}", "results.link_lifetime_s: Input should be a valid number"),
        ("life_cycle = {idle_patience_s = 0}", "life_cycle.idle_patience_s"),
        ("devices = {max_qubits = {FRESNEL = 0}}", "devices.max_qubits.FRESNEL"),
        ("devices = {max_qubits = {FRESNEL = 81}}", "FRESNEL takes at most 80 qubits here"),
        ("devices = {max_qubits = {FRESNL = 9}}", "there is no device type FRESNL"),
    ],
)
def test_fault_of_a_file_is_told_without_its_tokens(tmp_path, text, said):
    """The message has the file and the place; neither it nor its cause has a token."""
    path = written(tmp_path, text)

    with pytest.raises(LocalCloudError) as refused:
        read_configuration(path)

    told = refused.value.message
    assert (True, True) == (str(path) in told, said in told), told
    assert TOKEN not in told
    assert refused.value.__cause__ is None or TOKEN not in str(refused.value.__cause__)


def test_missing_file_is_told(tmp_path):
    """A name that leads nowhere is no empty configuration."""
    with pytest.raises(LocalCloudError, match="cannot be read"):
        read_configuration(tmp_path / "nothing.toml")


def test_process_does_not_start_with_a_wrong_file(tmp_path):
    """The server's own process says what is wrong, and touches nothing."""
    path = written(tmp_path, "colour = 'red'")
    command = [
        sys.executable,
        "-m",
        "runner.local",
        "--store",
        str(tmp_path / "store"),
        "--config",
        str(path),
    ]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)

    assert done.returncode == 1
    assert "colour: Extra inputs are not permitted" in done.stderr
    assert not (tmp_path / "store").exists()

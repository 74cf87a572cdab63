"""Which service a target is: by its kind and name, whatever URL or name leads to it."""

from __future__ import annotations

import pytest

from runner.errors import ProjectError
from runner.project.config.settings import read_settings
from runner.project.config.targets import service, site
from runner.results.records.sites import EMULATED

P, Q = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
SETTINGS = f"""
[targets.mine]
idle_exit_s = 5
[targets.served]
url = "http://127.0.0.1:9"
emulates = true
[targets.pasqal]
region = "fr"
project_id = "{P}"
[targets.by_url]
url = "https://apis.pasqal.cloud/core-fast/"
project_id = "{P}"
[targets.region]
region = "fr"
[targets.mirror]
url = "http://ada:key@mirror.test/api"
[targets.other]
url = "http://mirror.test/other"
project_id = "{P}"
[targets.proxy]
url = "http://proxy.test"
same_as = "pasqal"
"""


@pytest.fixture
def settings(tmp_path):
    """Targets of every kind."""
    return of(tmp_path, SETTINGS)


def of(folder, text):
    """The settings of a text."""
    path = folder / "runner.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("local", EMULATED),
        ("mine", EMULATED),
        ("served", EMULATED),
        ("pasqal", f"pcs:fr/{P}"),
        ("by_url", f"pcs:fr/{P}"),
        ("https://apis.pasqal.cloud/core-fast", f"pcs:fr/{Q}"),
        ("https://apis.sa.pasqal.cloud/core-fast", f"pcs:sa/{Q}"),
        ("region", f"pcs:fr/{Q}"),
        ("mirror", f"cloud:mirror/{Q}"),
        ("http://ada:other@mirror.test/api", f"cloud:mirror/{Q}"),
        ("other", f"cloud:other/{P}"),
        ("http://ada:key@127.0.0.1:1", f"cloud:http://127.0.0.1:1/{Q}"),
    ],
)
def test_a_target_is_its_kind_and_name(settings, name, expected):
    """All local clouds are one, PCS is its region and project, and a URL is what runner.toml calls it."""
    assert expected == service(settings, name, {"PASQAL_PROJECT_ID": Q})


def test_two_names_of_one_service_are_one_target(settings):
    """Under either of them what was measured under the other counts, and rows of older journals do."""
    sites = [site(settings, name, {}) for name in ("pasqal", "proxy")]

    assert [f"pcs:fr/{P}"] * 2 == [each.target for each in sites]
    for each in sites:
        assert each.has("cloud:proxy")
        assert each.has(f"fr {P}")
        assert not each.has(EMULATED)
        assert not each.has(f"pcs:fr/{Q}")


def test_two_names_of_one_url_are_one_target(tmp_path):
    """It is called by the first of them; what was measured under the other counts as well."""
    text = f"""
[targets.qpu]
url = "http://a.test/"
project_id = "{P}"
[targets.proxy]
url = "http://a.test"
project_id = "{P}"
[targets.theirs]
url = "http://a.test"
project_id = "{Q}"
"""
    qpu, proxy, theirs = (site(of(tmp_path, text), name, {}) for name in ("qpu", "proxy", "theirs"))

    assert [f"cloud:qpu/{P}"] * 2 == [qpu.target, proxy.target]
    assert qpu.has(f"cloud:proxy/{P}")
    assert proxy.has(f"cloud:proxy/{P}")
    assert f"cloud:qpu/{Q}" == theirs.target
    assert not theirs.has(f"cloud:proxy/{P}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[targets.a]\nurl = "http://a.test"\nsame_as = "local"\n', "one of them emulates"),
        ('[targets.a]\nurl = "http://a.test"\nsame_as = "b"\n', "there is no target 'b'"),
        (
            '[targets.a]\nurl = "http://a.test"\nsame_as = "b"\n[targets.b]\nregion = "fr"\nsame_as = "a"\n',
            "in turn",
        ),
        ('[targets.a]\nregion = "fr"\nemulates = true\n', "emulates nothing by itself"),
    ],
    ids=["emulated and measured", "unknown", "circle", "region"],
)
def test_what_cannot_be_joined_is_refused(tmp_path, text, why):
    """Above all what was emulated, and what was measured."""
    with pytest.raises(ProjectError, match=why):
        of(tmp_path, text)

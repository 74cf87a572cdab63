"""The dashboard in a real browser: each page in each width and scheme, hostile texts, followed live, axe.

Pictures of all pages are kept beside the test run: `pytest --basetemp=FOLDER` says where. axe-core comes from
elsewhere: `npm install --prefix FOLDER axe-core`, then `RUNNER_AXE=FOLDER/node_modules/axe-core/axe.min.js`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import quote

import browser
import commands
import pytest
import requests
from builders import a_record
from own_git import git
from patience import PATIENCE_S
from test_closed_loops import LOOP

from runner import dashboard
from runner.cli import main
from runner.project import Project

pytestmark = [pytest.mark.long, pytest.mark.seconds(90)]
HOSTILE = (
    "<script>stolen = 1</script><img src=x onerror='stolen = 1'>&{{7*7}} "
    "\u043f\u0440\u0438\u0432\u0435\u0442 \u4f60\u597d \u0645\u0631\u062d\u0628\u0627 \u202e"
)
PAIR = json.dumps(HOSTILE)
EXPERIMENT = commands.EXPERIMENT.replace(
    "{name: pair}", f"{{name: hostile, description: {PAIR}, labels: {{figure: {PAIR}}}}}"
).replace("    - runs: 50", f"    - name: {json.dumps(HOSTILE[:40] + ' {t_ns}')}\n      runs: 50")
BROKEN = f"apiVersion: runner/v1\nkind: {PAIR}\n"
VIEWS = (
    f"[views.{json.dumps(HOSTILE[:60])}]\nq = {PAIR}\n[views.done]\nhealth = 'Healthy'\nfolder = 'specs'\n"
)
HUNDRED = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: hundred}
spec:
  device_type: EMU_LARGE
  sequence:
    device: MockDevice
    register: {square: {side: 10, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {t_ns: int}
    operations:
      - pulse: {channel: ising, amplitude: {constant: {duration_ns: t_ns, value: 6.28}}, detuning: 0.0}
  jobs:
    - runs: 500
      sweep: {t_ns: [100, 200]}
"""
FAR = 'target = "far"\n[targets.far]\nurl = "http://127.0.0.1:9"\nemulates = true\n'
WIDTHS = (360, 1400)
SCHEMES = ("light", "dark")
AS_SEEN = """(() => ({
    width: document.documentElement.scrollWidth,
    stolen: typeof stolen !== "undefined",
    heading: document.querySelector("h1").textContent,
    images: [...document.images].every((each) => each.complete && each.naturalWidth > 0),
    scripts: [...document.scripts].map((each) => new URL(each.src).pathname),
}))()"""
LOADED = """Promise.all([...document.images].map((each) => {
    each.loading = "eager";
    return each.decode().catch(() => null);
}))"""
ALL_IN_SIGHT = """[...document.querySelectorAll(".bitstring")].map(
    (each) => each.getBoundingClientRect().right <= window.innerWidth
)"""
LOUD = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")


@pytest.fixture(scope="module")
def chromium():
    """A browser; without one, a warning says what was not tried."""
    program = browser.found()
    if program is None:
        said = "no Chromium here: the dashboard was opened in no browser (Debian: apt-get install chromium)"
        sys.__stderr__.write(f"\n{said}\n")
        pytest.skip(said)
    with browser.Browser(program) as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(tmp_path_factory, store):
    """A lab with a strategy that is done, hostile texts, and what is not applied yet."""
    folder = commands.a_neighbour(tmp_path_factory.mktemp("lab") / "lab", store)
    specs = folder / "specs"
    (specs / "hostile.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (specs / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    (specs / "loop.yaml").write_text(LOOP, encoding="utf-8")
    settings = folder / "runner.toml"
    settings.write_text(settings.read_text("utf-8") + VIEWS, encoding="utf-8")
    commits(folder)
    assert main(["apply", str(specs / "hostile.yaml"), str(specs / "loop.yaml")]) == 0
    return folder


def commits(folder):
    """Two commits that say hostile things, and between which the hostile file has changed."""
    (folder / ".gitignore").write_text(".runner\nresults\n", encoding="utf-8")
    git(folder, "init", "-q")
    hostile = folder / "specs" / "hostile.yaml"
    hostile.write_text(EXPERIMENT.replace("runs: 50", "runs: 40"), encoding="utf-8")
    for text in (hostile.read_text("utf-8"), EXPERIMENT):
        hostile.write_text(text, encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", HOSTILE, "--author", "&{{7*7}} \u202e onerror='stolen = 1' <a@lab.test>")


@pytest.fixture(scope="module")
def served(lab):
    """The lookout of the lab, and where its pages are."""
    lookout = dashboard.Lookout(Project.at(lab, asks_cloud=True), [lab / "specs"], poll_s=None)
    lookout.look()
    with dashboard.serving(lookout, dashboard.Protection(), "127.0.0.1", 0) as url, lookout.looking():
        yield lookout, url


@pytest.fixture(scope="module")
def pages(served):
    """Every page by a name."""
    lookout, _ = served
    key = lookout.sight.experiments["hostile"].desired.jobs[0].key
    return {
        "experiments": "",
        "view": "?health=Healthy&folder=specs",
        "hostile": "experiments/hostile/",
        "loop": "experiments/loop/",
        "strategy": "experiments/loop/strategy/",
        "job": f"experiments/hostile/jobs/{key}/",
        "queue": "queue/",
        "spend": "spend/",
        "holds": "holds/",
        "activity": "activity/",
        "compared": "activity/?from=HEAD~1&to=HEAD",
        "refused": f"activity/?from={quote(HOSTILE)}&to=HEAD&path={quote(HOSTILE)}",
    }


def wait_for_comparison(url, path):
    """Until two revisions are compared that a page shows."""
    deadline_s = time.monotonic() + PATIENCE_S
    address = url + path.replace("activity/", "activity/index.json", 1)
    while requests.get(address, timeout=PATIENCE_S).json()["compared"]["is_pending"]:
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def complaints(chromium):
    """What the browser has to say of a page."""
    entries = [each["entry"] for each in chromium.seen("Log.entryAdded")]
    return [*entries, *(said for kind in LOUD for said in chromium.seen(kind))]


def test_each_page_fits_says_nothing_and_runs_nothing(chromium, served, pages, tmp_path_factory):
    """In both widths and schemes; hostile texts are texts; every picture is there."""
    _, url = served
    kept = tmp_path_factory.mktemp("dashboard")
    wait_for_comparison(url, pages["compared"])
    for name, path in pages.items():
        assert_it_fits(chromium, f"{url}{path}", kept / name)
    chromium.open(f"{url}{pages['compared']}", width=1400)
    words = "document.querySelector('main').textContent"
    for said in ("3 with other runs", "40 → 50 runs", "runs: 40", "HEAD~1"):
        assert said in chromium.value(words + " + document.querySelector('[name=from]').value"), said
    sys.__stderr__.write(f"\npictures of all pages are in {kept}\n")


def assert_it_fits(chromium, address, picture):
    """A page is as wide as the screen, has its pictures, and nothing to say; in both widths and schemes."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            chromium.open(address, width=width, scheme=scheme)
            chromium.value(LOADED)
            seen = chromium.value(AS_SEEN)
            picture.with_name(f"{picture.name}-{width}-{scheme}.png").write_bytes(chromium.screenshot())
            assert complaints(chromium) == [], (address, width, scheme)
            assert seen["heading"]
            said = {key: seen[key] for key in ("width", "stolen", "images", "scripts")}
            expected = {"width": width, "stolen": False, "images": True, "scripts": ["/live.js"]}
            assert said == expected, (address, width, scheme)


def test_a_hundred_atoms_fit(chromium, tmp_path_factory):
    """Register, pulses, and bitstrings of a hundred characters, on the pages of an experiment and a job."""
    lab = commands.a_lab(tmp_path_factory.mktemp("hundred") / "lab", experiment=HUNDRED, settings=FAR)
    project = Project.at(lab)
    (experiment,) = project.load([lab / "specs"])
    for number, job in enumerate(experiment.desired.jobs):
        bits = ("01" * 50, "1" * 100, "0" * 99 + "1", "0" * 100)
        record = a_record(
            f"j{number}",
            recipe=experiment.desired.recipe[:16],
            key=job.key,
            name=job.name,
            variables=job.variables,
            runs=500,
            counts=dict(zip(bits, (200, 150, 100, 50), strict=True)),
            qubit_ids=experiment.desired.qubit_ids,
        )
        project.records.add("hundred", [record])
    lookout = dashboard.Lookout(project, [lab / "specs"], poll_s=None)
    with dashboard.serving(lookout, dashboard.Protection(), "127.0.0.1", 0) as url, lookout.looking():
        deadline_s = time.monotonic() + PATIENCE_S
        while not lookout.sight.recorded:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        kept = tmp_path_factory.mktemp("hundred")
        assert_it_fits(chromium, f"{url}experiments/hundred/", kept / "hundred")
        chromium.open(f"{url}experiments/hundred/", width=360)
        assert chromium.value(ALL_IN_SIGHT) == [True] * 6
        assert "100 atoms" in requests.get(f"{url}experiments/hundred/register.svg", timeout=PATIENCE_S).text
        assert_it_fits(
            chromium, f"{url}experiments/hundred/jobs/{experiment.desired.jobs[0].key}/", kept / "job"
        )
    sys.__stderr__.write(f"\npictures of a hundred atoms are in {kept}\n")


def test_pages_follow_an_apply_without_being_loaded_again(chromium, served, lab, capsys):
    """The tile of what is applied goes on by itself; the document stays the same one."""
    lookout, url = served
    chromium.open(f"{url}?q=pair", width=1400)
    words = "document.querySelector('.tile .numbers').textContent"
    assert "3 wanted" in chromium.value(words)
    chromium.value("window.kept = 1")
    assert commands.said(capsys, "apply", str(lab / "specs" / "pair.yaml"))[0] == 0
    deadline_s = time.monotonic() + PATIENCE_S
    while "3 done" not in chromium.value(words):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    lookout.look()
    while "Healthy" not in chromium.value("document.querySelector('.tile').textContent"):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    assert chromium.value("window.kept") == 1
    assert complaints(chromium) == []


def test_pages_are_whole_without_scripts(chromium, served, pages):
    """Only that they follow what happens needs one."""
    _, url = served
    chromium.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.open(f"{url}?q=hostile", width=360)
        tree = json.dumps(chromium.ask("DOM.getDocument", depth=-1)["root"])
        assert "1 of 3 experiments" in tree
        for path in pages.values():
            chromium.open(f"{url}{path}", width=360)
            assert complaints(chromium) == []
    finally:
        chromium.ask("Emulation.setScriptExecutionDisabled", value=False)


def test_files_are_opened_from_a_disk(chromium, served, lab, tmp_path, monkeypatch):
    """Written as files, pages lead to each other and show their pictures."""
    lookout, _ = served
    project = lookout.project
    folder = tmp_path / "site"
    dashboard.export(lookout.sight, dashboard.Pictures(project), dashboard.sources(project), folder)
    for page in ("index.html", "experiments/loop/index.html", "experiments/loop/strategy/index.html"):
        chromium.open(folder / page, width=360)
        chromium.value(LOADED)
        seen = chromium.value(AS_SEEN)
        assert (seen["width"], seen["images"], seen["scripts"]) == (360, True, [])
        assert complaints(chromium) == []


def test_axe_finds_nothing_serious(chromium, served, pages):
    """No page has a finding that is serious or critical, in neither scheme."""
    source = Path(os.environ.get("RUNNER_AXE", "nowhere"))
    if not source.is_file():
        said = "no axe-core here (RUNNER_AXE): the pages were tried by no axe"
        sys.__stderr__.write(f"\n{said}\n")
        pytest.skip(said)
    _, url = served
    found = {}
    for name, path in pages.items():
        for width in WIDTHS:
            for scheme in SCHEMES:
                chromium.open(f"{url}{path}", width=width, scheme=scheme)
                chromium.value(source.read_text(encoding="utf-8") + "; 1")
                result = chromium.value("axe.run()")
                for each in result["violations"]:
                    places = [node["html"][:120] for node in each["nodes"]]
                    found[name, width, scheme, each["id"]] = (each["impact"], places[:2])
    assert {where: what for where, what in found.items() if what[0] in {"serious", "critical"}} == {}, found

"""The pictures of docs/dashboard.md, made anew: `python tests/docs/dashboard_pictures.py`."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import browser
import commands
import requests
from own_git import git
from page_pictures import PICTURES
from PIL import Image
from test_closed_loops import LOOP

from runner import dashboard
from runner.cli import main
from runner.project import Project

WIDTH, HEIGHT = 900, 640
SHOWN = {
    "dashboard-experiments": "",
    "dashboard-strategy": "experiments/loop/strategy/",
    "dashboard-revisions": "activity/?from=HEAD~1&to=HEAD",
}


def draw():
    """Applies two experiments of three in a new lab, and keeps what a browser shows of them."""
    with tempfile.TemporaryDirectory() as folder, browser.Browser(browser.found()) as chromium:
        lab = commands.a_lab(Path(folder) / "lab")
        (lab / "specs" / "loop.yaml").write_text(LOOP, encoding="utf-8")
        two_commits(lab)
        assert main(["apply", str(lab / "specs" / "pair.yaml"), str(lab / "specs" / "loop.yaml")]) == 0
        project = Project.at(lab)
        lookout = dashboard.Lookout(project, [lab / "specs"], poll_s=None)
        lookout.look()
        with dashboard.serving(lookout, dashboard.Protection(), "127.0.0.1", 0) as url, lookout.looking():
            compared = f"{url}{SHOWN['dashboard-revisions'].replace('?', 'index.json?')}"
            while requests.get(compared, timeout=60).json()["compared"]["is_pending"]:
                time.sleep(0.1)
            for name, path in SHOWN.items():
                chromium.open(f"{url}{path}", width=WIDTH)
                chromium.value("Promise.all([...document.images].map((each) => each.decode()))")
                picture = Image.open(io.BytesIO(chromium.screenshot())).convert("RGB")
                cut = picture.crop((0, 0, WIDTH, min(HEIGHT, picture.height)))
                cut.quantize(32).save(PICTURES / f"{name}.png", optimize=True)
        commands.stop_local_cloud(lab / ".runner" / "local-cloud")


def two_commits(lab):
    """The second one asks for more runs and another time, and brings an experiment that waits."""
    (lab / ".gitignore").write_text(".runner\nresults\n", encoding="utf-8")
    pair = lab / "specs" / "pair.yaml"
    now = pair.read_text(encoding="utf-8")
    pair.write_text(
        now.replace("runs: 50", "runs: 20").replace("100, 200, 300", "100, 200"), encoding="utf-8"
    )
    git(lab, "init", "-q")
    git(lab, "add", "-A")
    git(lab, "commit", "-qm", "Begin")
    pair.write_text(now, encoding="utf-8")
    other = commands.EXPERIMENT.replace("{name: pair}", "{name: next, description: Waits for the laser}")
    (lab / "specs" / "next.yaml").write_text(other, encoding="utf-8")
    git(lab, "add", "-A")
    git(lab, "commit", "-qm", "Look closer")


if __name__ == "__main__":
    draw()

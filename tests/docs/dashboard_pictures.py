"""The pictures of docs/dashboard.md, made anew: `python tests/docs/dashboard_pictures.py`."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import browser
import commands
from page_pictures import PICTURES
from PIL import Image
from test_closed_loops import LOOP

from runner import dashboard
from runner.cli import main
from runner.project import Project

WIDTH, HEIGHT = 900, 640
SHOWN = {"dashboard-experiments": "", "dashboard-strategy": "experiments/loop/strategy/"}


def draw():
    """Applies two experiments of three in a new lab, and keeps what a browser shows of them."""
    with tempfile.TemporaryDirectory() as folder, browser.Browser(browser.found()) as chromium:
        lab = commands.a_lab(Path(folder) / "lab")
        (lab / "specs" / "loop.yaml").write_text(LOOP, encoding="utf-8")
        other = commands.EXPERIMENT.replace("{name: pair}", "{name: next, description: Waits for the laser}")
        (lab / "specs" / "next.yaml").write_text(other, encoding="utf-8")
        assert main(["apply", str(lab / "specs" / "pair.yaml"), str(lab / "specs" / "loop.yaml")]) == 0
        project = Project.at(lab)
        lookout = dashboard.Lookout(project, [lab / "specs"], poll_s=None)
        lookout.look()
        with dashboard.serving(lookout, dashboard.Protection(), "127.0.0.1", 0) as url, lookout.looking():
            for name, path in SHOWN.items():
                chromium.open(f"{url}{path}", width=WIDTH)
                chromium.value("Promise.all([...document.images].map((each) => each.decode()))")
                picture = Image.open(io.BytesIO(chromium.screenshot())).convert("RGB")
                cut = picture.crop((0, 0, WIDTH, min(HEIGHT, picture.height)))
                cut.quantize(32).save(PICTURES / f"{name}.png", optimize=True)
        commands.stop_local_cloud(lab / ".runner" / "local-cloud")


if __name__ == "__main__":
    draw()

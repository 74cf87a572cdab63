"""Two pictures are compared by what they show, not by their bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from page_pictures import difference

PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><g id="axes_1">
<g id="patch_2"><path d="M 10 110
L 110 110
L 110 10
L 10 10
z"/></g>
<g id="xtick_1"><g><use xlink:href="#a" x="50" y="110"/></g></g>
<g id="line2d_1"><g clip-path="url(#c)"><use xlink:href="#b" x="60" y="60"/></g></g>
<g id="patch_3"><path d="M 20 110
L 30 30
z" clip-path="url(#c)"/></g>
<g id="text_1"><text>frequency = 0.88 ± 0.01 MHz,</text><text>offset = −0.1</text></g>
</g></svg>"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("0.88 ± 0.01", "0.9 ± 0.02", ""),
        ('x="50"', 'x="90"', ""),
        ('x="60" y="60"', 'x="62" y="70"', ""),
        ('x="60" y="60"', 'x="60" y="81"', "a mark is 0.210 of the axes away from where it was"),
        ("L 30 30", "L 30 51", "a mark is 0.210 of the axes away from where it was"),
        ('<use xlink:href="#b" x="60" y="60"/>', "", "2 marks, not 3"),
        (
            "MHz,</text><text>offset",
            "kHz,</text><text>offset",
            "other words: ['frequency = # ± # MHz, offset = #', 'frequency = # ± # kHz, offset = #']",
        ),
        ("MHz,</text><text>offset", "MHz, offset", ""),
    ],
)
def test_what_differs_is_told(before, after, said):
    """Words but for numbers and breaks of lines, marks but for those of ticks, and the corners of bars."""
    assert before in PICTURE

    assert said == difference(PICTURE.encode(), PICTURE.replace(before, after).encode(), 0.2)

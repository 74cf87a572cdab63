"""Pages where a lab looks: what runs, what waits and why, what it has cost, and what came out. Read-only.

A lookout reads files, records, journal and cloud; `pages` turn what it saw into plain data, the same for a
browser and for a program; templates show it. There is no state but the lookout's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.lazy import lazy_names

if TYPE_CHECKING:
    from runner.dashboard.lookout import Lookout as Lookout
    from runner.dashboard.pictures import Pictures as Pictures
    from runner.dashboard.protection import Protection as Protection
    from runner.dashboard.server import serving as serving
    from runner.dashboard.site import sources as sources
    from runner.dashboard.site_files import export as export
else:
    # The server of pages is imported where pages are served.
    _PLACES: Final = {
        "export": "runner.dashboard.site_files",
        "Lookout": "runner.dashboard.lookout",
        "Pictures": "runner.dashboard.pictures",
        "Protection": "runner.dashboard.protection",
        "serving": "runner.dashboard.server",
        "sources": "runner.dashboard.site",
    }

    __getattr__ = lazy_names(__name__, _PLACES)

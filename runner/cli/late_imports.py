"""What is imported where it is first used: rich, the reader of files, what draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.lazy import lazy_names

if TYPE_CHECKING:
    from runner.cli.terminal import has_color as has_color
    from runner.cli.terminal import print_cells as print_cells
    from runner.cli.terminal import print_pieces as print_pieces
    from runner.cli.terminal import print_styled as print_styled
    from runner.cli.terminal import print_wide_table as print_wide_table
    from runner.domain.suggestions import suggestion as suggestion
    from runner.project.config.repository import STATE_FOLDER as STATE_FOLDER
    from runner.project.config.repository import find_root as find_root
    from runner.project.config.repository import state_folder as state_folder
    from runner.project.config.settings import FILE_NAME as FILE_NAME
    from runner.project.plan.saved_plan import plan_to_save as plan_to_save
    from runner.project.plan.saved_plan import write_plan as write_plan
    from runner.project.report.collect import report_of as report_of
else:
    _PLACES: Final = {
        "has_color": "runner.cli.terminal",
        "print_cells": "runner.cli.terminal",
        "print_pieces": "runner.cli.terminal",
        "print_styled": "runner.cli.terminal",
        "print_wide_table": "runner.cli.terminal",
        "suggestion": "runner.domain.suggestions",
        "STATE_FOLDER": "runner.project.config.repository",
        "find_root": "runner.project.config.repository",
        "state_folder": "runner.project.config.repository",
        "FILE_NAME": "runner.project.config.settings",
        "plan_to_save": "runner.project.plan.saved_plan",
        "write_plan": "runner.project.plan.saved_plan",
        "report_of": "runner.project.report.collect",
    }

    __getattr__ = lazy_names(__name__, _PLACES)

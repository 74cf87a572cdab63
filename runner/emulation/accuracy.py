"""How exact a state may be asked to be: the 2-norm of what is wrong with it, up to a phase."""

from __future__ import annotations

from typing import Final

DEFAULT: Final = 1e-4
# Rounding of about a thousand steps.
FINEST: Final = 1e-10
COARSEST: Final = 1e-2

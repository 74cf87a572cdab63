"""Letters of the field and of drawings for places that have only those of ASCII. Pure."""

from __future__ import annotations

from typing import Final

# How they are written where there is nothing else.
IN_ASCII: Final = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "σ": "sigma_",
    "τ": "tau",
    "φ": "phi",
    "ψ": "psi",
    "Ω": "Omega",
    "µ": "u",
    "⟨": "<",
    "⟩": ">",
    "±": "+-",
    "−": "-",
    "–": "-",
    "…": "...",
    "→": "->",
    "×": "x",
    "●": "o",
}


def can_write(text: str, encoding: str | None) -> bool:
    """Whether an encoding has all characters of a text."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def in_encoding(text: str, encoding: str | None) -> str:
    """The text with what an encoding lacks written otherwise."""
    if can_write(text, encoding):
        return text
    plain = "".join(IN_ASCII.get(letter, letter) for letter in text)
    return plain.encode("ascii", "replace").decode()

"""Functions that searches are compared on, over the unit cube."""

from __future__ import annotations

import numpy as np

_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
_A3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_P3 = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
_A6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
BRANIN_LEAST, HARTMANN3_LEAST, HARTMANN6_LEAST = 0.397887, -3.86278, -3.32237


def branin(u):
    """Three equal minima on the plane."""
    x, y = 15 * u[0] - 5, 15 * u[1]
    value = (y - 5.1 * x**2 / (4 * np.pi**2) + 5 * x / np.pi - 6) ** 2
    return value + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def hartmann3(u):
    """Four bumps in three numbers."""
    return -_ALPHA @ np.exp(-np.sum(_A3 * (np.asarray(u) - _P3) ** 2, axis=1))


def hartmann6(u):
    """Four bumps in six numbers."""
    return -_ALPHA @ np.exp(-np.sum(_A6 * (np.asarray(u) - _P6) ** 2, axis=1))


def hartmann6_probability(u):
    """The same as a probability: 0 at its least value, close to 1 far from the bumps."""
    return max(0.0, 1 - hartmann6(u) / HARTMANN6_LEAST)

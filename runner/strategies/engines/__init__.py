"""How each kind proposes points: a class a module, with the protocol of `base`.

An engine is told ended rounds, in their order, and proposes the next. It goes by the values that were bought,
not by what it would propose for them today, and works in the unit cube.
"""

from runner.lazy import lazy_modules

__getattr__ = lazy_modules(
    __name__, "base", "continued", "sobol"
)  # import NumPy and SciPy, when a round is looked for

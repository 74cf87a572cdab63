"""Code that files name, and that nobody runs unasked."""


def sequence():
    """Shows that it was run."""
    raise AssertionError("code of a file is not run")

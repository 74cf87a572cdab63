"""Pages of HTML: the engine that fills templates, the base of every page, its parts and its style sheet.

Here belongs what pages of several rooms share. What a page shows, and its own template, belong to the room
that knows it.
"""

from runner.pages.engine import part, printable, rendered

__all__ = ["part", "printable", "rendered"]

"""Expressions that people write: text → tree → value. Nothing of a text is ever run as Python.

Formulas over variables stand in experiment files, conditions behind `--where`. One reader takes both apart;
what names and functions stand for, the caller says.
"""

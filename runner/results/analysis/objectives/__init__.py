"""Objectives of strategies: a formula over quantities of a job, as a number with its standard error. Pure."""

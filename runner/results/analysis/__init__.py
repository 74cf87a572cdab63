"""Counts → estimates, observables, conditions on jobs. Pure."""

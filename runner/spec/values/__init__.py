"""Sweeps, and columns of files that are named: values of a file."""

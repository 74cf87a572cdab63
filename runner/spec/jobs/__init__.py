"""Entries under `jobs` → the jobs of the file."""

"""Loops that keep the cloud matching: watch, and sync with its repository."""

"""Experiment files, loaded: what is in them, what they may, what they wait for."""

"""Saved plans, and decisions that a person makes."""

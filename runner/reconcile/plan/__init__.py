"""Desired and observed → what to do next, and why. Pure."""

"""Strategies of a repository: what they ask for next, and how they stand."""

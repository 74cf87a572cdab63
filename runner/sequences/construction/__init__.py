"""The sequence of a file → Pulser's."""

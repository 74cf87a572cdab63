"""Models of the experiment file."""

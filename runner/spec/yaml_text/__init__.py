"""Text of a YAML file → places, scalars, problems."""

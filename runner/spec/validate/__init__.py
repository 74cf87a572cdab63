"""The published schema, and what a file breaks of it and of what it refers to."""

"""Python functions that files name, run in a process of their own."""

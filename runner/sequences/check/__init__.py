"""Every job of a file, built once: what is wrong with it, and how long it takes."""

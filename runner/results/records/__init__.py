"""Records on disk: read, written, verified."""

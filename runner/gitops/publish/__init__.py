"""Records on a branch of their own: which, where, and how they get there."""

"""How long tests wait for what must come."""

# It costs time only where a test fails. It is far more than any wait takes on an idle machine, so that tests
# pass on one that is ten times slower, or as busy.
PATIENCE_S = 600.0

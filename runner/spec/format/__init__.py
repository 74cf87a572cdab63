"""`fmt`: an experiment file laid out in one way."""

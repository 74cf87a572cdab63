"""runner.toml, targets, the repository: where things are and what holds for them."""

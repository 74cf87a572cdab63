"""Values of a pass: actions, plans, tags, the snapshot that a plan is made from. Pure."""

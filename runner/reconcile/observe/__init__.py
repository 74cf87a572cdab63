"""What the cloud holds: list, own, read, complete."""

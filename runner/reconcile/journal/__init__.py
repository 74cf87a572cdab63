"""What this machine has tried: rows in SQLite, a lock, a history."""

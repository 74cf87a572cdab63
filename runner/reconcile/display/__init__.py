"""Plans and progress for people. Pure."""

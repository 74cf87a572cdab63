"""Two commits side by side: what a pull request would buy."""

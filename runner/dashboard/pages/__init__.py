"""What each page shows, as plain data for JSON; its template shows the same. Pure."""

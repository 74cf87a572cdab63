"""The SQLite store: tables, reads, and the writes of clients and of the scheduler."""

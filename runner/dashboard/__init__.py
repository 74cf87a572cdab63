"""Pages where a lab looks: what runs, what waits and why, what it has cost, and what came out. Read-only.

A lookout reads files, records, journal and cloud; `pages` turn what it saw into plain data, the same for a
browser and for a program; templates show it. There is no state but the lookout's.
"""

"""What is remembered between commands: compiled files, durations, specifications of devices."""

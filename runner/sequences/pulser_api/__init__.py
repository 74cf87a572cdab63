"""What we need of Pulser beside its sequences: limits, messages, durations, representations."""

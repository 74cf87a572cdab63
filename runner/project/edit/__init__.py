"""Changes to files of the repository: formatting, conversions, reruns, what may go."""

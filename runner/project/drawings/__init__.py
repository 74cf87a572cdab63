"""Pictures of what is asked for: the register and the pulses of a job, in the style of our other pictures.

What is on them is decided in `panels`, without matplotlib; results are drawn by `runner.results.plots`.
Nothing is read or written here.
"""

"""Whether a submission can be run: sequences, options of emulators, configurations."""

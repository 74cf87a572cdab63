"""First files of a repository: an experiment, workflows of CI."""

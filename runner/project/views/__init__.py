"""What people ask about: chosen experiments, jobs, devices, prospects."""

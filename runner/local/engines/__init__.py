"""What executes jobs: processes of this machine, a Dask cluster, and the emulators in them."""

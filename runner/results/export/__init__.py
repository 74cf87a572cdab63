"""Results in other forms: pandas, xarray, Pulser, files, HTML."""

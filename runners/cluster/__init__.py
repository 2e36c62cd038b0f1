"""Where runs are executed: here, in processes, on a Dask cluster."""

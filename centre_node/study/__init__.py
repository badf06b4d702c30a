"""Arms, runs and tables of a study."""

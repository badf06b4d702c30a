"""What versions are, who may change that, and what aliases point at."""

"""What crosses the border between a centre and the hub, and nothing else."""

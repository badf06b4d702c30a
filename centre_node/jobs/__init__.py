"""Long work: queue, worker process, progress."""

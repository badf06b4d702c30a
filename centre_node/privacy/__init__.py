"""How much a generator tells of its training patients, and whether it may leave."""

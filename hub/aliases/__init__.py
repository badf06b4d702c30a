"""Names that a centre points at versions of a generator."""

"""What a node is asked and what it answers. Imports `shared` alone, and no array library."""

"""A node's pages for its staff. Nothing heavy is imported here: workers do the work."""

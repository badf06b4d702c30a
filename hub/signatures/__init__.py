"""The centres' keys, and what they signed."""

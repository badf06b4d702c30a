"""The hub that this node belongs to."""

"""Seeded procedural mammograms: nobody's data, drawn anew whenever they are read."""

from centre_node.mammography.phantoms.reading import read_phantoms

__all__ = ["read_phantoms"]

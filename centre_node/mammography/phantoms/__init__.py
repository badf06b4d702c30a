"""Procedural mammograms: realistic enough to try everything on, and nobody's data."""

from centre_node.mammography.phantoms.reading import read_phantoms

__all__ = ["read_phantoms"]

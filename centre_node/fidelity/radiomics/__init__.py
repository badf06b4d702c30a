"""Radiomic features of 8-bit patches, many at once. Written from the definitions of IBSI.

Names, filters and conventions are those of pyradiomics 3.0.1, so that values can be compared.
"""

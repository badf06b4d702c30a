"""Synthetic patches from a package: recipes, and what follows them."""

"""Synthetic patches of a package or painted ones: recipes, and what follows them."""

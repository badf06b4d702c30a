"""Registered data sets and what was counted in them."""

"""Phantoms as data sets on disk, each in its original's layout."""

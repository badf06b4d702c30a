"""Mammograms in, patches out."""

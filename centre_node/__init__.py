"""Runs at a centre, next to its mammograms. Everything that touches an image or a gradient."""

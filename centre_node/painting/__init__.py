"""Painting of lesions on healthy tissue: what a centre can do for itself, without a donor."""

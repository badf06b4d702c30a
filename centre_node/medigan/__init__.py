"""Generators from and to medigan, the library that shared the paper's generators first."""

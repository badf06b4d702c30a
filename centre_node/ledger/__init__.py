"""What was decided and published of whom, over all generators of a centre."""

"""How a centre's node joins: once, with a token that soon ends, and with a key of its own."""

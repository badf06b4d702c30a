"""Tables 1 and 2 of the paper, and what can be worked out from them."""

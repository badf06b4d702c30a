"""What receivers say that generators were worth to them."""

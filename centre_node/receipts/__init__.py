"""What generators were worth here, told to the hub once a person has looked at it."""

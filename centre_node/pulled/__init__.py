"""What was pulled from the hub and lies here."""

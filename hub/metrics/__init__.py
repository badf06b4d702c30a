"""What the hub tells a monitoring system."""

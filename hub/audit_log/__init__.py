"""What happened at the hub, written down so that nothing of it can be changed unnoticed."""

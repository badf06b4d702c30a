"""What leaves a centre and what comes in: packages published to and pulled from the hub."""

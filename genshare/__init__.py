"""The `genshare` command: one entry to the hub, the centre nodes and the simulation."""

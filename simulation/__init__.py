"""A federation on one machine: a scenario file becomes a hub, centres and a report."""

"""Networks, losses, training and sampling of generators."""

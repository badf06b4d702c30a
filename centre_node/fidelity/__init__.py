"""How close synthetic patches are to real ones: features, distances, a report, pictures."""

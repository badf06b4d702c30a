"""What a simulation leaves for people and for machines."""

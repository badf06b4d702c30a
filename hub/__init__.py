"""The registry of generators. Knows no image and no tensor library."""

"""What `import genshare` offers, a module for each thing."""

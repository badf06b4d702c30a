"""Published generators: records, files and the rules of publishing."""

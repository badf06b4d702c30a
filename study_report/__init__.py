"""A study as people read it: sentences, tables and figures. Imports no array library."""

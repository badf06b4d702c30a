"""A study as people read it: sentences, tables and figures. Light: no array library."""

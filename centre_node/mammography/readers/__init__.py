"""One file per data set: a folder becomes mammograms."""

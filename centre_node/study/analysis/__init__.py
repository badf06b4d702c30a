"""The statistics of a study: intervals, differences, recovered shares, curves."""

"""Networks, training and metrics of classifiers."""

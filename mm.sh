# matched brightness study file: $1 split

"""Looks at a machine and the services that it is to reach: what is amiss, and what helps."""

"""Enrolment of centres and their tokens."""

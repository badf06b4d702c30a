"""How much a generator tells of the patients that it was trained on: attacks, copies, bounds."""

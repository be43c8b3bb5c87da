"""Finding everything about a person, and erasing it: `flows/erasure.py` says in which order."""

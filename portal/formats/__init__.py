"""How dates are written, for each language that needs another way than Django's."""

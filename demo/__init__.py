"""`make demo`: an embedded installation, prepared, proved and left running. Nothing in the product knows it."""

"""Links: their tokens, addresses and lifetimes, and the files that hand them to scripts."""

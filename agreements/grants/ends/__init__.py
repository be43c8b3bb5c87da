"""Ends that nobody revokes: the end date, the yearly proof of the address, and what is mailed about both."""

"""Whose seal a file carries that turned up somewhere."""

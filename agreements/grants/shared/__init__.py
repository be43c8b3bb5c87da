"""Shared archives: sealed once under one password for all, into the delivery store."""

"""Filters for templates: how values are shown, never what they are."""

"""What came by mail, and what becomes of it."""

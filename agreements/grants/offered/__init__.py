"""A subset that opened later, offered to those who have access already."""

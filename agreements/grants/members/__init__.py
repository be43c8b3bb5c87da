"""People of the holder's site who use the data under the same grant."""

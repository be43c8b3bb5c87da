"""The questions that the record answers, each by a page and as CSV, within the datasets of whoever asks."""

"""What `/verify/` says of a file: which papers are ours, how what they stand for stands, and in which words."""

"""Where archives and papers are kept: one small protocol, a folder and S3 behind it."""

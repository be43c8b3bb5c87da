"""The program that opens files which strangers sent. It stands alone.

It imports neither Django nor anything of the portal outside this package, and has no keys, no database and no
network, so that whoever takes it over gains nothing but the file they sent. One file in, findings and pictures out,
each file in a child process of its own under limits that the child sets for itself before it reads a byte.

`python -m agreements.documents.inspector`               one file: request on stdin, frames on stdout
`python -m agreements.documents.inspector --spool DIR`   a service that watches a folder
"""

"""What is held about a person, put together for that person: never what is somebody else's."""

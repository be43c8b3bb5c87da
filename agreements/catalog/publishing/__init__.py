"""Publishing an archive: from what its owner hands over to a version that is offered."""

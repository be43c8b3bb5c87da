"""Length-prefixed concatenation, so that two different lists of inputs never hash alike."""


def framed(*parts: bytes) -> bytes:
    """Each part behind its length as four big-endian bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

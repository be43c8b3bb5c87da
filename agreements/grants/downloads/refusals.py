"""Why nothing can be had at an address, told apart for the log and the steward; the outside learns one thing."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """The true reason of a refusal, for the steward."""

    NO_SUCH_LINK = "no link has this token"
    OTHER_NAME = "the file name is not the archive's"
    LINK_ENDED = "the link was ended"
    LINK_EXPIRED = "the link has run out"
    SEAL_ENDED = "the person no longer has a part in the access"
    PERSON_INACTIVE = "the person's account is closed"
    GRANT_NOT_ACTIVE = "the access is not active"
    GRANT_NOT_BEGUN = "the access has not begun"
    GRANT_OVER = "the access is over"
    DATASET_WITHDRAWN = "the dataset was withdrawn"
    ARCHIVE_WITHDRAWN = "the archive was withdrawn"
    NOT_COVERED = "the access does not cover the archive's subset"
    NOT_SEALED = "the archive has no seal"
    NOT_OPEN = "the archive is not open to everyone"


class Refused(Exception):
    """Nothing can be had here. `why` is for the log; the outside is told the same whatever it says."""

    def __init__(self, why: Why, *, grant: str = "") -> None:
        super().__init__("refused")
        self.why = why
        self.grant = grant


class Unavailable(Exception):
    """The database is out of reach, so nothing is sent: to be tried again later."""


class Preparing(Exception):
    """All is well, but the archive is still being sealed for everyone: to be tried again later."""

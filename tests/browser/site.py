"""The installation under the browser: real processes, SQLite, Valkey, an SMTP sink, the sample dataset."""

from __future__ import annotations

from pathlib import Path

from demo.installation import REVIEWER, STEWARD, Installation
from demo.mailbox import Mail, Mailbox
from tests.browser.people import Person

ALICE = Person("Alice Zhang 张爱丽", "alice@connect.ust.hk")
BOB = Person("Bob Lee", "bob@connect.ust.hk")
CAROL = Person("Carol Reyes", REVIEWER)
DAN = Person("Dan Okafor", STEWARD)
EVE = Person("Eve Adler", "eve@stranger.example")


class Site(Installation):
    """What `make demo` runs, with the second factor of staff as asked."""

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        self._second_factor = second_factor
        super().__init__(folder)
        self.mailbox = Mailbox(str(self.mails))

    @property
    def url(self) -> str:
        """The address of the pages, without a slash at its end."""
        return self.supervisor.site_url

    def start(self) -> None:
        """Prepare and start everything. Raises portal.embedded.supervisor.StartFailed."""
        self.start_sink()
        self.prepare()
        self.supervisor.start()

    def code_for(self, person: Person, *, after: int) -> str:
        """Return the code of the next mail to somebody, later than a mark of the mailbox."""
        return self.mail_for(person, after=after, what="mail with a code", holds="code").code

    def mail_for(self, person: Person, *, after: int, what: str, holds: str) -> Mail:
        """Return the next mail to somebody whose text holds a word; "code" means a code on a line of its own."""

        def suits(mail: Mail) -> bool:
            return bool(mail.code) if holds == "code" else holds in mail.text

        return self.mailbox.wait_for(person.address, suits, what=what, after=after)

    def _settings(self) -> dict[str, str]:
        return super()._settings() | {"COUNTERSIGN_STAFF_MFA": "yes" if self._second_factor else "no"}

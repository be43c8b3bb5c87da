"""After a whole walk no password, link, key or salt key is anywhere but where it has to be: on a page, in a mail."""

from __future__ import annotations

import io
import logging
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from agreements import tasks
from agreements.core.actors import job
from agreements.core.secrets import UnknownKey
from agreements.flows import keys
from agreements.grants import passwords, seals
from agreements.grants.links import tokens
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import Grant, GrantMember, Link, Seal
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.people.models import User
from agreements.review import gathering
from tests.flows.kept import Kept, found, keeping
from tests.flows.mailbox.letters_in import letter, read
from tests.flows.scene import Scene, signed_in
from tests.flows.test_whole_chain import _apply, _approve, _download, _link_in, _password, _revoke

OLD, NEW = bytes(range(200, 232)), bytes(range(100, 132))
Secrets = dict[str, str | bytes]
Committing = Callable[..., Any]


@pytest.fixture
def walked(
    scene: Scene,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Committing,
) -> tuple[Kept, Secrets]:
    """Everything that can be done with access, with all that it left behind, and all the secrets there were."""
    settings.STAFF_MFA_REQUIRED = False
    settings.MASTER_KEYS = {1: OLD}
    walk = _Walk(scene, monkeypatch, tmp_path)
    with keeping(monkeypatch) as kept, django_capture_on_commit_callbacks(execute=True):
        walk.until_revoked(settings)
        settings.MASTER_KEYS = {2: NEW}
        _fail(kept, walk.grant)
        settings.MASTER_KEYS = {1: OLD, 2: NEW}
    return kept, walk.secrets | {"master key 1": OLD, "master key 2": NEW} | _derived()


def test_after_a_whole_walk_secrets_are_nowhere_and_links_in_mails_alone(walked: tuple[Kept, Secrets]) -> None:
    kept, secrets = walked
    _check_it_was_a_whole_walk(kept)
    places = kept.places()
    assert all(places.values()), "every place was looked at and holds something"
    never = {name: secret for name, secret in secrets.items() if name.split()[0] in {"password", "master", "salt"}}
    carried = {name: secret for name, secret in secrets.items() if name.split()[0] in {"link", "invitation"}}
    assert (len(never) >= 8, len(carried) >= 4) == (True, True)
    assert found(places, never) == []
    assert found({"mails": places.pop("mails")}, carried), "mails carry them by design"
    assert found(places, carried) == []


def _check_it_was_a_whole_walk(kept: Kept) -> None:
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert kinds >= {
        "grant.issued", "password.revealed", "member.joined", "link.issued", "archive.traced", "key.replaced",
        "seal.renewed", "grant.revoked",
    }  # fmt: skip
    assert any("send_mail" in task for task in kept.tasks)
    assert any("UPDATE" in line for line in kept.raw_logs), "SQL is among the logs"
    assert any("UnknownKey" in text for text in kept.errors)


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["logs", "mails", "database", "task payloads", "exceptions", "ledger export"])
def test_a_secret_put_anywhere_is_found(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other tests rest on."""
    password, key = "7K2F-9MQX-3ABC-WZ8T-HJ4N", OLD
    with keeping(monkeypatch) as kept:
        for text in (password.replace("-", "").lower(), repr(key), key.hex().upper()):
            if place == "logs":
                logging.getLogger("some.library").debug("see %s", text)
            elif place == "mails":
                mail.send_mail("hello", text, "a@b.example", ["c@d.example"])
            elif place == "database":
                User.objects.create_user(f"{len(text)}@y.example", name=text)
            elif place == "task payloads":
                tasks.send_mail.apply_async(args=(text,))
            elif place == "exceptions":
                kept.errors.append(text)
            else:
                monkeypatch.setattr("agreements.ledger.export.lines", lambda text=text: iter([text]))
            assert any(place in where for where in found(kept.places(), {"password": password, "key": key}))


class _Walk:
    def __init__(self, scene: Scene, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.scene = scene
        self.secrets: Secrets = {}
        self._monkeypatch = monkeypatch
        self._folder = folder

    def until_revoked(self, settings: Any) -> None:
        alice, carol, dan = map(signed_in, (self.scene.alice, self.scene.carol, self.scene.dan))
        application = _apply(alice)
        gathering.work_off()
        _approve(carol, application)
        drain()
        self.grant = Grant.objects.get(application=application)
        self._use(self.scene.alice, "before")
        self._invite_bob()
        self._use(self.scene.bob, "of the member")
        self._trace(dan)
        settings.MASTER_KEYS = {1: OLD, 2: NEW}
        self._note_links()
        keys.replace(1, by=job("rotate_master_key"))
        drain()
        alice.post(f"/grants/{self.grant.reference}/links/{Link.objects.earliest('pk').archive_id}/fresh/")
        drain()
        self._use(self.scene.alice, "after")
        self._quote_everything()
        _revoke(dan, self.grant)
        for token in [str(secret) for name, secret in self.secrets.items() if name.startswith("link")]:
            assert Client().get(f"/l/{token}").status_code >= 400
            Client().get(f"/d/{token}/train40.zip")
        Client().get("/l/" + "0" * 64)

    def _use(self, person: User, when: str) -> None:
        """Read the password, and download what the newest link gives."""
        mine = [str(message.body) for message in mail.outbox if message.to == [person.email]]
        address = _link_in([body for body in mine if "/l/" in body][-1])
        browser = signed_in(person)
        self.secrets[f"password {when}"] = _password(browser, self.grant, self._monkeypatch)
        (self._folder / "got.zip").write_bytes(_download(browser, address))
        self._note_links()

    def _invite_bob(self) -> None:
        bob = self.scene.bob
        membership.invite(grant=self.grant, email=bob.email, name="Bob", by=self.scene.alice.actor)
        token = member_invitations.token(GrantMember.objects.select_related("grant").get())
        self.secrets["invitation"] = token
        drain()
        signed_in(bob).get(f"/invitations/{token}/")
        membership.accept(token=token, by=bob.actor)
        drain()

    def _quote_everything(self) -> None:
        """Have all our mails and a password come back in a letter, and in word that they did not arrive."""
        said = "\n".join(str(message.body) for message in mail.outbox) + self.secrets["password after"]  # type: ignore[operator]
        assert "/l/" in said
        assert read(letter(sign=False, text=said.replace("\n", "\n> "))).text
        assert read(letter(sign=False, text=said, sender="MAILER-DAEMON@relay.example")).text

    def _trace(self, dan: Client) -> None:
        with (self._folder / "got.zip").open("rb") as file:
            assert "Bob" in dan.post("/stewardship/genebody/trace/", {"file": file}).content.decode()
        call_command("trace", str(self._folder / "got.zip"), stdout=io.StringIO())

    def _note_links(self) -> None:
        for link in Link.objects.all():
            self.secrets[f"link {link.pk}"] = tokens.token(link)


def _derived() -> Secrets:
    """Return each seal's password and salt key: of those that nobody was shown, too."""
    made: Secrets = {}
    for seal in Seal.objects.all():
        made[f"password of seal {seal.pk}"] = passwords.password_of(seal)
        made[f"salt key of seal {seal.pk}"] = seals.salt_key(seal)
    return made


def _fail(kept: Kept, grant: Grant) -> None:
    """Run into what a lost key does, with its tracebacks."""
    for seal in Seal.objects.filter(grant=grant, key_number=1):
        for derive in (passwords.password_of, seals.salt_key):
            try:
                derive(seal)
            except UnknownKey as error:
                kept.errors.append("".join(traceback.format_exception(error)))
    for link in Link.objects.filter(key_number=1):
        try:
            tokens.token(link)
        except UnknownKey as error:
            kept.errors.append("".join(traceback.format_exception(error)))
    assert re.search("master key 1 is not configured", kept.errors[0])

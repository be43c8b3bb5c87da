"""Mail about access, read as a person would read it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.catalog.models import Archive, SealKind
from agreements.core import clock
from agreements.core.errors import NotPossible
from agreements.grants import lifecycle, messages, passwords
from agreements.grants.links import addresses, tokens
from agreements.grants.links import making as links
from agreements.grants.members import messages as members
from agreements.grants.models import Link
from agreements.mail import outbox
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import revoke


def sent() -> tuple[str, str]:
    """Return the plain text and the HTML of the only mail that was sent."""
    [letter] = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    [html] = [str(part[0]) for part in letter.alternatives]
    return str(letter.body), html


def test_the_mail_that_opens_access_holds_the_link_and_not_the_password(scene: Scene) -> None:
    assert drain() == 1
    text, html = sent()
    [letter] = mail.outbox
    assert letter.to == [scene.alice.email]
    assert letter.subject == f"GeneBody: your access {scene.grant.reference} is open"
    landing = addresses.landing(tokens.token(scene.link))
    password = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    for body in (text, html):
        assert landing in body
        assert password not in body
        assert addresses.grant_page(scene.grant.reference) in body
        assert "Works until 9 March 2026, 12:00 (UTC)" in body
        assert "/d/" not in body
    assert "Dear Alice Example," in text
    assert "You receive this because" in text
    assert "&#x27;" not in text


def test_what_is_kept_of_it_holds_neither_token_nor_password(scene: Scene) -> None:
    drain()
    kept = str(OutboxMessage.objects.values().get())
    assert tokens.token(scene.link)[32:] not in kept
    assert passwords.reveal(grant=scene.grant, by=scene.alice.actor) not in kept


def test_a_link_lives_from_the_moment_its_mail_was_accepted(scene: Scene) -> None:
    later = NOON + dt.timedelta(days=2)
    with clock.frozen(later):
        drain()
    assert scene.link.first_sent_at == later
    assert scene.link.expires_at == later + dt.timedelta(days=7)


def test_access_revoked_before_the_mail_went_out_is_not_announced(scene: Scene) -> None:
    revoke(scene, by=scene.dan.actor)
    drain()
    assert OutboxMessage.objects.get(kind="grant-issued").state == MessageState.SUPERSEDED
    assert [letter.subject for letter in mail.outbox] == [f"GeneBody: your access {scene.grant.reference} has ended"]


def test_access_suspended_before_the_mail_went_out_is_not_announced(scene: Scene) -> None:
    lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="")
    drain()
    assert OutboxMessage.objects.get(kind="grant-issued").state == MessageState.SUPERSEDED


def test_an_ended_link_is_not_mailed_and_the_others_are(scene: Scene) -> None:
    fresh = links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
    links.end(link=fresh, by=scene.alice.actor)
    drain()
    assert OutboxMessage.objects.get(kind="link-fresh").state == MessageState.SUPERSEDED
    assert OutboxMessage.objects.get(kind="grant-issued").state == MessageState.SENT


def test_sending_again_carries_the_same_links_and_not_for_longer(scene: Scene) -> None:
    drain()
    until = scene.link.expires_at
    with clock.frozen(NOON + dt.timedelta(days=3)):
        outbox.resend(message=OutboxMessage.objects.get(), by=scene.alice.actor, as_role="applicant")
        drain()
    assert Link.objects.count() == 1
    assert scene.link.expires_at == until
    with clock.frozen(until), pytest.raises(NotPossible, match="no longer true"):
        outbox.resend(message=OutboxMessage.objects.latest("pk"), by=scene.alice.actor, as_role="applicant")


def test_the_notice_of_revocation_says_what_why_by_when_and_how_to_answer(scene: Scene) -> None:
    drain()
    mail.outbox.clear()
    revoke(scene, by=scene.dan.actor)
    drain()
    text, html = sent()
    for body in (text, html):
        assert "has been revoked" in body
        assert "No redistribution" in body
        assert "You do not pass the data on." in body
        assert "Published on a web page." in body
        assert "by 16 March 2026" in body
        assert "GB-R-ABCDEF" in body
        assert "contact@lab.example.org" in body
        assert "/l/" not in body
    assert mail.outbox[0].reply_to == ["contact@lab.example.org"]


def test_a_name_with_markup_stays_text_in_html(scene: Scene) -> None:
    Archive.objects.update(name="<b>.zip")
    drain()
    text, html = sent()
    assert "<b>.zip" in text
    assert "&lt;b&gt;.zip" in html


@pytest.mark.parametrize(
    ("seals", "own", "shared", "marked"),
    [
        ([SealKind.PERSONAL], True, False, 0),
        ([SealKind.SHARED], False, True, 0),
        ([SealKind.SHARED, SealKind.PERSONAL], True, True, 1),
    ],
)
def test_the_mail_says_of_its_archives_alone_whose_password_opens_them(
    scene: Scene, seals: list[SealKind], own: bool, shared: bool, marked: int
) -> None:
    listed = [scene.link, *([Link.objects.get(pk=_another(scene).pk)] if len(seals) > 1 else [])]
    for link, seal in zip(listed, seals, strict=True):
        Archive.objects.filter(pk=link.archive_id).update(seal=seal)
    messages.queue_issued(scene.grant, links=listed)
    members.queue_joined(scene.grant, links=listed, person=scene.bob)
    OutboxMessage.objects.order_by("pk").first().delete()  # type: ignore[union-attr]
    drain()
    for letter in mail.outbox:
        assert isinstance(letter, mail.EmailMultiAlternatives)
        for body in (str(letter.body), str(letter.alternatives[0][0])):
            text = " ".join(body.split())
            assert ("of your own" in text or "your password" in text or "names the access" in text) is own
            assert ("access share" in text or "them share" in text) is shared
            assert text.count(", the same for everyone)") == marked
    assert len(mail.outbox) == 2
    opens = str(next(one for one in mail.outbox if one.to == [scene.alice.email]).body)
    assert ("an archive that turns up elsewhere names the access" in " ".join(opens.split())) is not shared


def _another(scene: Scene) -> Link:
    archive = Archive.objects.get(pk=scene.sealed.pk)
    archive.pk, archive.name, archive.version = None, "another.zip", 1
    archive.save()
    return Link.objects.create(
        link_id="e" * 32,
        grant=scene.grant,
        seal=scene.link.seal,
        archive=archive,
        key_number=1,
        expires_at=scene.link.expires_at,
    )

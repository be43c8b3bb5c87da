"""The addresses that mails carry, asked by friends and by others."""

# ruff: noqa: F811 - fixtures are imported and then named as arguments

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.test import Client

from agreements.catalog import archives
from agreements.catalog.models import Archive
from agreements.core import clock
from agreements.grants import lifecycle
from agreements.grants.downloads.streaming import Cut
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.links import addresses, tokens
from agreements.grants.links import making as links
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened
from agreements.web import bad_tokens
from portal.log_filter import CutTokens, cut_tokens
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import revoke
from tests.web.downloads import body, leave, path, streaming, token, whole  # noqa: F401


class TestDirect:
    def test_a_download_says_all_that_a_client_needs_to_resume_it(
        self,
        client: Client,
        scene: Scene,
        path: str,
    ) -> None:
        response = client.get(path)
        data = body(response)
        assert response.status_code == 200
        assert len(data) == scene.sealed.sealed_size == int(response["Content-Length"])
        assert response["Accept-Ranges"] == "bytes"
        assert response["ETag"].startswith('"')
        assert response["Content-Type"] == "application/zip"
        assert response["Content-Disposition"] == 'attachment; filename="train40.zip"'
        assert response["Cache-Control"] == "private, no-transform, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in response.headers
        assert not response.cookies

    def test_head_says_the_same_and_writes_nothing(self, client: Client, path: str) -> None:
        got, head = client.get(path), client.head(path, headers={"Range": "bytes=0-4"})
        leave(got)
        rows = DownloadOpened.objects.count()
        assert head.status_code == 200
        assert head.content == b""
        assert dict(head.headers) == dict(got.headers)
        client.head(path)
        assert DownloadOpened.objects.count() == rows == 1

    def test_a_fresh_link_resumes_what_the_old_one_began(
        self,
        client: Client,
        scene: Scene,
        path: str,
    ) -> None:
        first = client.get(path, headers={"Range": "bytes=0-999"})
        fresh = links.make(
            grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor, mail=False
        )
        resumed = f"/d/{tokens.token(fresh)}/train40.zip"
        rest = client.get(resumed, headers={"Range": "bytes=1000-", "If-Range": first["ETag"]})
        assert rest.status_code == 206
        assert body(first) + body(rest) == whole(client, path)

    def test_the_row_is_there_before_the_first_byte_and_closed_after_the_last(self, client: Client, path: str) -> None:
        response = client.get(path)
        assert DownloadOpened.objects.count() == 1
        assert not DownloadClosed.objects.exists()
        body(response)
        assert DownloadClosed.objects.get().how == DownloadEnd.DONE

    def test_nothing_is_sent_if_the_row_cannot_be_written(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import OperationalError

        def fail(*_args: object, **_options: object) -> None:
            raise OperationalError("disk full")

        monkeypatch.setattr(DownloadOpened, "save", fail)
        response = client.get(path)
        assert response.status_code == 503
        assert not response.streaming
        assert response["Retry-After"] == "30"

    def test_revoking_cuts_a_running_download_and_shuts_the_link(
        self,
        client: Client,
        scene: Scene,
        path: str,
        watching: Watcher,
    ) -> None:
        response = client.get(path)
        stream = iter(streaming(response))
        got = len(next(stream))
        revoke(scene, by=scene.dan.actor)
        watching.tick()
        with pytest.raises(Cut):
            next(stream)
        closed = DownloadClosed.objects.get()
        assert (closed.how, closed.bytes_sent) == (DownloadEnd.REVOKED, got)
        assert client.get(path).status_code == 404

    def test_head_of_what_is_refused_has_no_body(self, client: Client, token: str) -> None:
        for address in (f"/d/{token}/other.zip", f"/d/{'0' * 64}/train40.zip", f"/l/{'0' * 64}"):
            got, head = client.get(address), client.head(address)
            assert (got.status_code, head.status_code) == (404, 404)
            assert head.content == b""
            assert int(head["Content-Length"]) == len(got.content)

    def test_a_flood_of_heads_writes_nothing_and_needs_no_vault(
        self, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archives, "index_of", None)
        for _ in range(100):
            assert client.head(path, headers={"Range": "bytes=1-1"}).status_code == 200
        assert not DownloadOpened.objects.exists()

    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
    def test_other_methods_are_not_allowed_whoever_asks(self, client: Client, path: str, method: str) -> None:
        assert getattr(client, method)(path).status_code == 405
        assert getattr(client, method)(f"/d/{'0' * 64}/train40.zip").status_code == 405

    def test_a_name_that_needs_care_is_quoted_in_the_header(
        self,
        client: Client,
        scene: Scene,
        token: str,
    ) -> None:
        name = 'tr"ain\\40 数据.zip'
        Archive.objects.filter(pk=scene.sealed.pk).update(name=name)
        address = addresses.direct(token, name).removeprefix("http://testserver")
        response = client.head(address)
        assert response.status_code == 200
        assert response["Content-Disposition"].isascii()
        assert "filename*=utf-8''tr%22ain%5C40%20%E6%95%B0%E6%8D%AE.zip" in response["Content-Disposition"]


class TestFailing:
    def ways(self, scene: Scene, client: Client, token: str) -> dict[str, Any]:
        """Ask with every kind of link that does not open."""
        until = scene.link.expires_at
        other = links.make(
            grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor, mail=False
        )
        links.end(link=other, by=scene.alice.actor)
        changed = token[:-1] + ("0" if token[-1] != "0" else "1")
        answers = {
            "one character": client.get(f"/d/{changed}/train40.zip"),
            "no token": client.get("/d/x/train40.zip"),
            "ended": client.get(f"/d/{tokens.token(other)}/train40.zip"),
            "other name": client.get(f"/d/{token}/other.zip"),
            "landing, one character": client.get(f"/l/{changed}"),
            "landing, posted": client.post(f"/l/{changed}"),
            "sums, one character": client.get(f"/l/{changed}/SHA256SUMS"),
        }
        with clock.frozen(until):
            answers["expired"] = client.get(f"/d/{token}/train40.zip")
        cause = lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="address", reason="")
        answers["suspended"] = client.get(f"/d/{token}/train40.zip")
        lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=cause, reason="")
        Archive.objects.update(withdrawn_at=NOON)
        answers["withdrawn"] = client.get(f"/d/{token}/train40.zip")
        Archive.objects.update(withdrawn_at=None)
        revoke(scene, by=scene.dan.actor)
        answers["revoked"] = client.get(f"/d/{token}/train40.zip")
        answers["landing, revoked"] = client.get(f"/l/{token}")
        answers["sums, revoked"] = client.get(f"/l/{token}/SHA256SUMS")
        return answers

    def test_every_way_of_failing_looks_the_same_from_outside(
        self,
        client: Client,
        scene: Scene,
        token: str,
    ) -> None:
        answers = self.ways(scene, client, token)
        seen = {(response.status_code, response.content, str(dict(response.headers))) for response in answers.values()}
        assert len(seen) == 1
        assert next(iter(seen))[0] == 404
        assert not DownloadOpened.objects.exists()

    def test_whoever_tries_often_is_told_to_wait_and_a_good_link_still_opens(
        self, client: Client, token: str, path: str
    ) -> None:
        for _ in range(bad_tokens.MOST):
            assert client.get(f"/d/{'0' * 64}/train40.zip").status_code == 404
        limited = client.get(f"/d/{'0' * 64}/train40.zip")
        assert limited.status_code == 429
        assert limited["Retry-After"] == "600"
        assert client.get(f"/d/{token}/other.zip").status_code == 429
        assert client.head(path).status_code == 200
        assert client.get(f"/d/{'0' * 64}/train40.zip", REMOTE_ADDR="192.0.2.7").status_code == 404

    def test_one_ipv6_subscriber_is_one_address(self) -> None:
        bad_tokens.forget()
        for number in range(bad_tokens.MOST):
            assert not bad_tokens.count_refusal(f"2001:db8::{number:x}")
        assert bad_tokens.count_refusal("2001:db8::ffff")
        assert not bad_tokens.count_refusal("2001:db8:0:1::1")

    def test_the_counts_of_addresses_do_not_grow_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bad_tokens.forget()
        monkeypatch.setattr(bad_tokens, "REMEMBERED", 5)
        for number in range(20):
            bad_tokens.count_refusal(f"192.0.2.{number}")
        assert len(bad_tokens._counts) == 5


class TestLogs:
    def test_tokens_are_cut_wherever_they_stand(self) -> None:
        token = "0a" * 32
        for line in (
            f'"GET /d/{token}/train40.zip HTTP/1.1" 200',
            f"Not Found: /l/{token}",
            f"https://portal.example.org/l/{token}/SHA256SUMS",
            f"/accounts/login/?next=%2Fl%2F{token}",
            f"Refused: {token}",
            "Not Found: /l/short",
        ):
            assert token not in cut_tokens(line)
            assert "[cut]" in cut_tokens(line)
        assert cut_tokens("GET /datasets/genebody/ 200") == "GET /datasets/genebody/ 200"

    def test_the_filter_cuts_arguments_and_tracebacks(self) -> None:
        token = "0a" * 32
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.addFilter(CutTokens())
        logger = logging.Logger("test")
        logger.addHandler(handler)
        try:
            raise ValueError("the address was /d/" + token)
        except ValueError:
            logger.exception("failed: %s", f"/d/{token}/x.zip")
        assert token not in out.getvalue()
        assert out.getvalue().count("/d/[cut]") == 2

    def test_nothing_we_log_about_a_refused_link_holds_its_token(
        self,
        client: Client,
        scene: Scene,
        token: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        revoke(scene, by=scene.dan.actor)
        with caplog.at_level(logging.DEBUG):
            client.get(f"/d/{token}/train40.zip")
        ours = [record for record in caplog.records if record.name.startswith("agreements")]
        assert any(scene.grant.reference in record.getMessage() for record in ours)
        for record in caplog.records:
            CutTokens().filter(record)
            assert token not in record.getMessage()

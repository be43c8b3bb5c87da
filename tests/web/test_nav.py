"""Where people find themselves once they are signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.flows.scene import Scene
from tests.web.test_sign_in import ask, confirm, newest_code


@pytest.mark.parametrize(
    ("who", "home"), [("carol", "/review/"), ("dan", "/stewardship/genebody/"), ("alice", "/"), ("eve", "/")]
)
def test_who_has_work_here_lands_on_it_unless_they_came_for_something_else(scene: Scene, who: str, home: str) -> None:
    address = getattr(scene, who).email
    for target, lands_on in (({}, home), ({"next": "/account/"}, "/account/")):
        browser = Client()
        ask(browser, address, **target)
        assert confirm(browser, newest_code(address)).headers["Location"] == lands_on

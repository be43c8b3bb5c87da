"""Only whole languages are offered."""

from __future__ import annotations

from django.utils.translation import to_locale

from portal import settings as site


def test_a_language_is_offered_once_its_catalogue_is_committed() -> None:
    others = [code for code, _name in site.LANGUAGES if code != "en"]
    missing = [code for code in others if not (site.BASE_DIR / "locale" / to_locale(code) / "LC_MESSAGES").is_dir()]
    assert missing == []

"""The scripts that names are promised to print in, and which of them this machine has no font for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from django.core.checks import CheckMessage, Warning
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.documents import fonts

# Letters that a font of the script has, and by which first words of a character's name the script is known.
_SAMPLES: Final = (
    (gettext_lazy("accented Latin"), "éñøčřşğąőđơư", ("LATIN",)),
    (gettext_lazy("Cyrillic"), "ЩжђїёѓЎ", ("CYRILLIC",)),
    (gettext_lazy("Greek"), "Ωψάΐ", ("GREEK",)),
    (gettext_lazy("Chinese"), "王小明陳國龍", ("CJK",)),
    (gettext_lazy("Japanese"), "さくらサクラ々", ("HIRAGANA", "KATAKANA", "IDEOGRAPHIC")),
    (gettext_lazy("Korean"), "김민준서연", ("HANGUL",)),
    (gettext_lazy("Arabic"), "محمدگپچ", ("ARABIC",)),
    (gettext_lazy("Hebrew"), "דודבןגוריון", ("HEBREW",)),
)


def lacking() -> list[str]:
    """Return the scripts that this machine cannot print, by name."""
    return [str(name) for name, sample, _words in _SAMPLES if fonts.unprintable(sample)]


def lacking_for(characters: Iterable[str]) -> list[str]:
    """Return the scripts that this machine cannot print and that some of these characters are of."""
    beginnings = {unicodedata.name(character, "").partition(" ")[0] for character in characters}
    beginnings |= {word.partition("-")[0] for word in beginnings}
    without = lacking()
    return [str(name) for name, _sample, words in _SAMPLES if str(name) in without and beginnings & set(words)]


def check(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of each script that cannot be printed: a check of Django's, run when the portal starts."""
    return [
        Warning(
            _("This machine has no font for %(script)s: the form refuses names in it.") % {"script": script},
            hint=_("Install the packages of the lock file, or Debian's fonts-noto-core and fonts-wqy-microhei."),
            id="agreements.W001",
        )
        for script in lacking()
    ]

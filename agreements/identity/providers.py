"""Providers whose mailboxes anyone can have, and which the packaged list of them lacks: our own, kept by hand.

Without it a provider that an organization registry knows as a company would look like a company with research.
"""

from __future__ import annotations

import re
from typing import Final

NAME: Final = "countersign-providers"
VERSION: Final = "2026.11"

FREE: Final = frozenset(
    re.findall(
        r"\S+",
        # Webmail, and mailboxes that come with access to the Internet.
        "tuta.com tutanota.com tutamail.com tuta.io keemail.me mailbox.org hey.com disroot.org riseup.net "
        "sfr.fr neuf.fr walla.com walla.co.il tin.it otenet.gr in.gr superonline.com volny.cz azet.sk dir.bg "
        "inbox.lt inbox.lv one.lt online.no yandex.kz internet.ru sympatico.ca globo.com r7.com adinet.com.uy "
        "prodigy.net.mx daum.net kakao.com nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp nifty.com "
        "biglobe.ne.jp so-net.ne.jp ocn.ne.jp hinet.net pchome.com.tw seed.net.tw netvigator.com wo.cn 263.net",
    )
)

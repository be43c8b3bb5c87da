"""Whose mailboxes say nothing about where somebody works, and which the packaged lists lack: our own, kept by hand.

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
        "biglobe.ne.jp so-net.ne.jp ocn.ne.jp hinet.net pchome.com.tw seed.net.tw netvigator.com wo.cn 263.net "
        # What hides the mailbox that mail is passed on to.
        "mozmail.com relay.firefox.com privaterelay.appleid.com simplelogin.com simplelogin.co simplelogin.io "
        "slmail.me slmails.com 8alias.com 8shield.net aleeas.com dralias.com silomails.com passmail.net passmail.com "
        "passinbox.com addy.io anonaddy.com anonaddy.me erine.email forwardemail.net pobox.com",
    )
)

MEMBERS: Final = frozenset(
    re.findall(
        r"\S+",
        # Whoever pays for being a member, wherever they work. The societies' own people have them as well.
        "ieee.org computer.org acm.org asme.org theiet.org iee.org physics.org bcs.org member.fsf.org "
        # For life, to whoever was a student once: forwarded, and called otherwise than `alumni`.
        "post.harvard.edu aya.yale.edu caa.columbia.edu cal.berkeley.edu lifetime.oregonstate.edu stanfordalumni.org "
        "cantab.net oxon.org polytechnique.org m4x.org centraliens.net normalesup.org supaero.org",
    )
)

"""The AES-ZIP engine: a sealed archive as a view of a plain pack, bytes in and bytes out.

Format: ZIP64 with WinZip AES-256, version AE-2 (PKWARE APPNOTE 6.3.10, section 7 and appendix E for where
method 99 and extra field 0x9901 are reserved; the layout of both is WinZip's "AES Encryption Information").
Nothing here knows the web framework, the database or where the pack is kept.
"""

from agreements.sealing.index import DEFLATED, STORED, ArchiveIndex, BadIndex, Member
from agreements.sealing.keys import MemberKeys, member_keys, salt_for
from agreements.sealing.layout import LAYOUT_VERSION, Layout
from agreements.sealing.names import BadMemberName
from agreements.sealing.reading import PackTooShort
from agreements.sealing.seal import SealedView, etag_for
from agreements.sealing.tags import MemoryTags, TagStore
from agreements.sealing.trace import Candidates, FoundSalt, code_is_authentic, match_salts, read_salts

__all__ = [
    "DEFLATED",
    "LAYOUT_VERSION",
    "STORED",
    "ArchiveIndex",
    "BadIndex",
    "BadMemberName",
    "Candidates",
    "FoundSalt",
    "Layout",
    "Member",
    "MemberKeys",
    "MemoryTags",
    "PackTooShort",
    "SealedView",
    "TagStore",
    "code_is_authentic",
    "etag_for",
    "match_salts",
    "member_keys",
    "read_salts",
    "salt_for",
]

"""An archive under a person's seal as it is streamed: passes for the tags of large members are shared and kept."""

from __future__ import annotations

import copy
from functools import partial
from threading import Event

from agreements.grants.downloads import tag_passes
from agreements.grants.downloads.kept_tags import KeptTags
from agreements.grants.downloads.quota import NeededPass
from agreements.grants.downloads.tag_passes import Pass
from agreements.sealing import SealedView


class PersonalView(SealedView):
    """A SealedView whose `tags` are KeptTags."""

    @property
    def kept(self) -> KeptTags:
        """The tags that are kept. Raises TypeError if the view was made with another store."""
        if not isinstance(self.tags, KeptTags):
            raise TypeError("a personal view keeps its tags in KeptTags")
        return self.tags

    def code(self, number: int, ended: Event | None = None) -> bytes:
        """The member's 10-byte authentication code, kept or by a pass. Raises waiting.Ended soon after `ended`."""
        if not self.kept.is_large(number):
            return super().code(number, ended)
        size = self.index.columns.packed_sizes[number]
        work = partial(self._make_code, number)
        return tag_passes.tag(self.kept, number, size, work=work, ended=ended or Event())

    def needed_pass(self, start: int, stop: int) -> NeededPass | None:
        """The pass over a large member that a range takes, unless its tag is kept or is being made here."""
        number = self.member_needing_a_pass(start, stop)
        if number is None or not self.kept.is_large(number):
            return None
        if self.kept.get(number) is not None or tag_passes.is_under_way(self.kept.name(number)):
            return None
        return NeededPass(number, self.index.columns.packed_sizes[number])

    def _make_code(self, number: int, under_way: Pass) -> None:
        counting, read = copy.copy(self), self.read
        counting.read = lambda offset, length: under_way.counted(read(offset, length))
        SealedView.code(counting, number, under_way.stop)

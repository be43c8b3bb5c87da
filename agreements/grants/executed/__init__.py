"""The executed agreement of a grant: asked for by the approval, drawn later outside of any transaction, never again."""

from agreements.grants.executed.due import ask, ask_for_earlier, documents_of, of
from agreements.grants.executed.making import work_off

__all__ = ["ask", "ask_for_earlier", "documents_of", "of", "work_off"]

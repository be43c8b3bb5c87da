"""Mail hosts that institutions give to students and to former members, told by their names."""

from __future__ import annotations

import re
from typing import Final

# `mails` is how several Chinese universities call the host of their students. In Spanish and Portuguese
# `alumnos` and `alunos` are students; `alumni` is everywhere former ones.
_STUDENT: Final = re.compile(
    r"(?:stu|std|studs?|students?|student-?mail|mails|studenti|studenten|studerende|etu|etud|etudiants?|"
    r"estudiantes?|estudiants?|alumnos?|alunos?|ug|pg|undergrad|postgrad)"
)
_ALUMNI: Final = re.compile(
    r"(?:alum(?!no)[a-z-]*|lifetime|lifelong|forlife|4life|mba\d{4}|exaluno|exalumnos?|egresados?|ehemalige|absolvent(?:en)?)"
)


def student_label(domain: str, *, registrable: str) -> str | None:
    """Return the label that names a host for students; stu.edu.cn itself is Shantou University, not a host."""
    return _first(_STUDENT, _hosts(domain, registrable))


def alumni_label(domain: str, *, registrable: str) -> str | None:
    """Return the label that names a host for former members."""
    # Not `post` and `cal`: post.tau.ac.il is for staff, cal.msu.edu a college. Those are in `providers.MEMBERS`.
    head = registrable.partition(".")[0]
    return _first(_ALUMNI, _hosts(domain, registrable)) or (head if "alumni" in head else None)


def _hosts(domain: str, registrable: str) -> list[str]:
    return domain.removesuffix(registrable).rstrip(".").split(".")


def _first(pattern: re.Pattern[str], labels: list[str]) -> str | None:
    return next((label for label in labels if pattern.fullmatch(label)), None)

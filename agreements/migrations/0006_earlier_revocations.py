"""Carry earlier revocations over into procedures, and give earlier grants their keys and when they were proven."""

import datetime as dt
import unicodedata
from hashlib import sha256

from django.db import migrations
from django.db.models import F

from agreements.core.clock import now

KEY_LIMIT = 200
SITE = ("organization", "department", "city", "country")


def carry_over(apps, schema_editor):
    known = apps.get_model("agreements", "Revocation").objects.select_related("grant__dataset").order_by("pk")
    procedures, affected = apps.get_model("agreements", "Procedure"), apps.get_model("agreements", "AffectedGrant")
    for earlier in known:
        procedure = procedures.objects.create(
            reference=earlier.reference,
            dataset=earlier.grant.dataset,
            act="revoke",
            scope="grant",
            scope_value=earlier.grant.reference,
            scope_label=earlier.grant.reference,
            clause_id=earlier.clause_id,
            reason=earlier.reason,
            reason_salt=earlier.reason_salt,
            begun_by=earlier.revoked_by,
            begun_at=earlier.revoked_at,
            destroy_by=earlier.destroy_by,
        )
        # In which state it was then is written nowhere.
        reached = affected.objects.create(procedure=procedure, grant=earlier.grant, state_before="")
        owe_destruction(apps, reached, earlier)


def owe_destruction(apps, reached, earlier):
    members = apps.get_model("agreements", "GrantMember").objects.filter(grant=earlier.grant, state="joined")
    people = {earlier.grant.holder_id, *members.exclude(person=None).values_list("person_id", flat=True)}
    destructions = apps.get_model("agreements", "Destruction")
    # Nobody was asked for an attestation before: the time for one begins now, or everybody would be overdue at once.
    asked_from_now = now().date() + dt.timedelta(days=earlier.grant.dataset.destroy_days)
    due_on = max(earlier.destroy_by, asked_from_now)
    destructions.objects.bulk_create(
        destructions(affected=reached, person_id=person, due_on=due_on) for person in sorted(people)
    )


def fill_in(apps, schema_editor):
    grants = apps.get_model("agreements", "Grant")
    grants.objects.update(address_proven_at=F("starts_at"))
    for grant in grants.objects.only("organization", "site").iterator():
        grants.objects.filter(pk=grant.pk).update(
            organization_key=organization_key(grant.organization), site_key=site_key(grant.site)
        )


# As they were when this was written: a migration gives everybody the same keys, whatever becomes of `grants/places.py`.
def organization_key(name):
    return short(plain(name))


def site_key(site):
    return short(" / ".join(plain(site.get(part, "")) for part in SITE))


def plain(text):
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def short(key):
    return key if len(key) <= KEY_LIMIT else f"{key[: KEY_LIMIT - 17]}~{sha256(key.encode()).hexdigest()[:16]}"


class Migration(migrations.Migration):
    dependencies = [("agreements", "0005_record")]
    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]

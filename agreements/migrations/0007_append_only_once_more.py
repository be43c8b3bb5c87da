"""Put the triggers back: SQLite drops them when a migration rebuilds their table."""

from django.db import migrations

from agreements.ledger import triggers


def install(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in [*triggers.remove_statements(vendor), *triggers.install_statements(vendor)]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0006_earlier_revocations")]
    operations = [
        migrations.DeleteModel(name="Revocation"),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]

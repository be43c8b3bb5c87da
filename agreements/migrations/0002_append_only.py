"""Make the ledger and the download rows append-only in the database itself."""

from django.db import migrations

from agreements.ledger import triggers


def install(apps, schema_editor):
    for statement in triggers.install_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]

"""Brings the city's regions in with the tables, so that every city and every test has them."""

from typing import Any

from django.db import migrations


def load(apps: Any, schema_editor: Any) -> None:
    from tongzheng.kernel.identity.places import region_rows

    Region = apps.get_model("identity", "Region")
    fields = {field.name for field in Region._meta.fields}
    Region.objects.bulk_create(
        [Region(**{k: v for k, v in row._asdict().items() if k in fields}) for row in region_rows()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]

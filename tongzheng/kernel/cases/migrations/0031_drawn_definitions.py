"""The versions of drawn processes become those of the definitions engine; what is kept here is what they mean to cases."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0030_drawn'),
        ('definitions', '0001_initial'),
    ]

    operations = [
        migrations.DeleteModel(name='DrawingVersion'),
        migrations.RemoveField(model_name='drawing', name='current_id'),
        migrations.RemoveField(model_name='drawing', name='fields'),
        migrations.RemoveField(model_name='drawing', name='clock'),
        migrations.AddField(model_name='drawing', name='retired', field=models.BooleanField(default=False)),
        migrations.CreateModel(
            name='DrawingVersion',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('key', models.TextField(db_collation='C')),
                ('n', models.IntegerField()),
                ('fields', models.JSONField(default=list)),
                ('clock', models.JSONField(null=True)),
                ('effective_from', models.DateTimeField()),
            ],
            options={
                'db_table': 'cases_drawing_version',
                'constraints': [models.UniqueConstraint(fields=('key', 'n'), name='cases_drawing_version_n')],
            },
        ),
    ]

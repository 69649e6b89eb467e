from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0031_drawn_definitions'),
    ]

    operations = [
        migrations.AddField(model_name='drawingversion', name='forms', field=models.JSONField(default=dict)),
    ]

from django.apps import AppConfig


class DefinitionsConfig(AppConfig):
    name = "tongzheng.kernel.definitions"
    label = "definitions"

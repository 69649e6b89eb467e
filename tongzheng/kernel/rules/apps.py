from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "tongzheng.kernel.rules"
    label = "rules"

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "tongzheng.kernel.identity"
    label = "identity"

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "tongzheng.kernel.core"
    label = "core"

    def ready(self) -> None:
        from .discovery import load
        from .registry import registry

        if not registry.systems:
            load(registry)

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "tongzheng.site"
    label = "site"

    def ready(self) -> None:
        from .journal import configure

        configure()

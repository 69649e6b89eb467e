from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tongzheng.kernel.ledger"
    label = "ledger"

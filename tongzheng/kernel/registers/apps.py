from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "tongzheng.kernel.registers"
    label = "registers"

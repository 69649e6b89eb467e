from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "tongzheng.kernel.messages"
    label = "messages"

"""The door for a WSGI server such as granian."""

import os
import signal

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

if os.environ.get("TONGZHENG_SUPERVISED"):
    # The workers of a killed web server would otherwise hold the port and answer for nobody.
    from tongzheng.site.postgres import die_with_parent

    die_with_parent(signal.SIGTERM)

application = get_wsgi_application()

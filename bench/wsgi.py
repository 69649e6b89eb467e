"""The web server's door with the measured case type and register declared."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from bench.cases_type import declare  # noqa: E402

declare()
application = django_application

"""WSGI entry point of the `web` and `delivery` processes."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from portal.before_serving import look_for_a_restore, say_what_is_lacking
from portal.privacy import hide_from_same_user

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
hide_from_same_user()
application = get_wsgi_application()
say_what_is_lacking()
look_for_a_restore()

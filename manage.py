#!/usr/bin/env python
"""Django's command line for Countersign."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    arguments = sys.argv[1:]
    if arguments[:1] == ["setup"]:
        # Settings cannot be read before their keys exist, so the first half of set-up runs without Django.
        from portal import first_run

        arguments = first_run.run(arguments[1:])
    if arguments[:1] == ["run_publishing"]:
        # The worker starts it beside the child that opens strangers' files, and its environment holds the keys.
        from portal.privacy import hide_from_same_user

        hide_from_same_user()
    execute_from_command_line([sys.argv[0], *arguments])

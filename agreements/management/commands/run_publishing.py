"""manage.py run_publishing JOB ATTEMPT: started by the worker for a publishing that was asked for on the desk."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agreements.catalog.publishing import job_runs


class Command(BaseCommand):
    help = "Do a publishing that a worker claimed. The worker starts it; there is no use in calling it by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", type=int)
        parser.add_argument("attempt", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        job_runs.run(options["job"], options["attempt"])

"""When the beat wakes which task, in seconds; a part of `settings.py`."""

from __future__ import annotations

from typing import Any

# What was not poked is picked up by the beat.
SCHEDULE: dict[str, dict[str, Any]] = {
    "send mail that is due": {"task": "agreements.tasks.send_mail", "schedule": 10.0},
    "look into the mailbox": {"task": "agreements.tasks.poll_mailbox", "schedule": 60.0},
    "read mail that came in": {"task": "agreements.tasks.read_mail", "schedule": 10.0},
    "gather evidence that is due": {"task": "agreements.tasks.gather_evidence", "schedule": 10.0},
    "open uploaded documents that are due": {"task": "agreements.tasks.inspect_documents", "schedule": 10.0},
    "tell reviewers what waits": {"task": "agreements.tasks.tell_reviewers", "schedule": 60.0},
    "publish archives that are due": {"task": "agreements.tasks.publish_archives", "schedule": 10.0},
    "carry out what was decided about opened subsets": {"task": "agreements.tasks.open_subsets", "schedule": 60.0},
    "seal shared archives that are due": {"task": "agreements.tasks.seal_shared_archives", "schedule": 10.0},
    "ask for consent to new terms": {"task": "agreements.tasks.ask_for_consent", "schedule": 60.0},
    "draw certificates of ended access": {"task": "agreements.tasks.draw_certificates", "schedule": 60.0},
    "draw executed agreements": {"task": "agreements.tasks.draw_agreements", "schedule": 60.0},
    "ask for earlier agreements": {"task": "agreements.tasks.ask_for_earlier_agreements", "schedule": 3600.0},
    "follow up the destruction of copies": {"task": "agreements.tasks.follow_up_destruction", "schedule": 3600.0},
    "delete retired shared archives": {"task": "agreements.tasks.remove_retired_generations", "schedule": 3600.0},
    "forget abandoned uploads": {"task": "agreements.tasks.forget_uploads", "schedule": 3600.0},
    "close downloads whose process died": {"task": "agreements.tasks.close_lost_downloads", "schedule": 60.0},
    "digest the downloads of days that are over": {"task": "agreements.tasks.digest_downloads", "schedule": 3600.0},
    "look whether the database was restored": {"task": "agreements.tasks.watch_for_restore", "schedule": 60.0},
    "let grants expire": {"task": "agreements.tasks.expire_grants", "schedule": 300.0},
    "give notice of ends": {"task": "agreements.tasks.give_notice", "schedule": 3600.0},
    "suspend what nobody proved": {"task": "agreements.tasks.suspend_unproven", "schedule": 3600.0},
    "forget mailed codes": {"task": "agreements.tasks.forget_code_mails", "schedule": 3600.0},
    "forget unfinished objects": {"task": "agreements.tasks.forget_unfinished_objects", "schedule": 86_400.0},
    "forget what need not be kept": {"task": "agreements.tasks.forget_what_is_over", "schedule": 86_400.0},
    "forget sessions that ran out": {"task": "agreements.tasks.forget_sessions", "schedule": 3600.0},
    "make the checkpoint of the day": {"task": "agreements.tasks.make_checkpoint", "schedule": 3600.0},
    "let drafts lapse": {"task": "agreements.tasks.lapse_applications", "schedule": 3600.0},
}

for _entry in SCHEDULE.values():
    # While no worker runs, the beat's words do not pile up: each is worth nothing once the next is there.
    _entry["options"] = {"expires": _entry["schedule"]}

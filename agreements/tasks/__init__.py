"""Celery tasks: thin, safe to run twice, woken by a poke or by the beat."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from agreements.applications import withdrawing
from agreements.catalog.publishing import job_runs, uploads
from agreements.documents import inspecting
from agreements.flows import checkpoint_mail, opening_work, restore_watch, retention
from agreements.flows.mailbox import polling, reading
from agreements.grants import executed, lifecycle
from agreements.grants.downloads import digests, process
from agreements.grants.ends import noticing, proving
from agreements.grants.shared import generations
from agreements.grants.shared import removing as shared_removing
from agreements.grants.terms_change import asking
from agreements.mail import drain, forgetting
from agreements.people import passing
from agreements.review import gathering, notices
from agreements.revocation import certifying, following_up
from agreements.vault import sweeping


@shared_task(name="agreements.tasks.send_mail")
def send_mail() -> None:
    """Send what is due."""
    drain.drain()


@shared_task(name="agreements.tasks.inspect_documents")
def inspect_documents() -> None:
    """Have uploaded documents opened."""
    inspecting.work_off()


@shared_task(name="agreements.tasks.gather_evidence")
def gather_evidence() -> None:
    """Gather evidence for submissions that wait for it."""
    gathering.work_off()


@shared_task(name="agreements.tasks.tell_reviewers")
def tell_reviewers() -> None:
    """Mail reviewers what waits for them."""
    notices.tell_due()


@shared_task(name="agreements.tasks.poll_mailbox")
def poll_mailbox() -> None:
    """Take in what lies in the mailbox."""
    polling.poll()


@shared_task(name="agreements.tasks.read_mail")
def read_mail() -> None:
    """Read messages that came in, and do what they ask for."""
    reading.work_off()


@shared_task(name="agreements.tasks.expire_grants")
def expire_grants() -> None:
    """End grants whose time is over."""
    lifecycle.expire_due()


@shared_task(name="agreements.tasks.give_notice")
def give_notice() -> None:
    """Mail what is due about ends of access and proofs of addresses."""
    noticing.give_due()


@shared_task(name="agreements.tasks.suspend_unproven")
def suspend_unproven() -> None:
    """Suspend access whose holder did not prove the address again in time."""
    proving.suspend_overdue()


@shared_task(name="agreements.tasks.ask_for_consent")
def ask_for_consent() -> None:
    """Ask holders to agree to new terms, remind them, and suspend access of who did not in time."""
    asking.work_off()


@shared_task(name="agreements.tasks.draw_certificates")
def draw_certificates() -> None:
    """Draw certificates of ended access."""
    certifying.work_off()


@shared_task(name="agreements.tasks.draw_agreements")
def draw_agreements() -> None:
    """Draw the agreements that both sides signed."""
    executed.work_off()


@shared_task(name="agreements.tasks.ask_for_earlier_agreements")
def ask_for_earlier_agreements() -> None:
    """Have the agreements drawn, too, of access that was approved before there were any."""
    executed.ask_for_earlier()


@shared_task(name="agreements.tasks.follow_up_destruction")
def follow_up_destruction() -> None:
    """Remind who has not attested the destruction of copies, and tell stewards what is overdue."""
    following_up.follow_up()


@shared_task(name="agreements.tasks.close_lost_downloads")
def close_lost_downloads() -> None:
    """Say of downloads whose process died that their end is not known."""
    process.settle_abandoned()


@shared_task(name="agreements.tasks.digest_downloads")
def digest_downloads() -> None:
    """Put a digest of each day's downloads into the record."""
    digests.digest_due()


@shared_task(name="agreements.tasks.watch_for_restore")
def watch_for_restore() -> None:
    """Shut everything if the database was restored; else have the store remember the record's head."""
    restore_watch.remember()


@shared_task(name="agreements.tasks.forget_sessions")
def forget_sessions() -> None:
    """Delete sessions that ran out, and what the others hold for some minutes only."""
    call_command("clearsessions")
    passing.drop_everywhere()


@shared_task(name="agreements.tasks.forget_code_mails")
def forget_code_mails() -> None:
    """Delete what tells of codes that were mailed to addresses anybody may have typed."""
    forgetting.forget_codes()


@shared_task(name="agreements.tasks.lapse_applications")
def lapse_applications() -> None:
    """End drafts that nobody touched."""
    withdrawing.lapse_forgotten()


@shared_task(name="agreements.tasks.publish_archives")
def publish_archives() -> None:
    """Start a process for each publishing that is due."""
    job_runs.start_due()


@shared_task(name="agreements.tasks.forget_uploads")
def forget_uploads() -> None:
    """Delete what stewards' browsers sent and nobody needs any more."""
    uploads.forget_abandoned()


# A hash of a whole object cannot be taken in slices, nor the code of one very long member: of a terabyte each takes the
# better part of an hour. Whoever is killed meanwhile loses only that: the lease runs out, and another goes on.
@shared_task(name="agreements.tasks.seal_shared_archives", time_limit=12 * 3600)
def seal_shared_archives() -> None:
    """Seal archives for everyone, part by part."""
    generations.work_off()


@shared_task(name="agreements.tasks.remove_retired_generations")
def remove_retired_generations() -> None:
    """Delete sealed objects that nothing leads to any more."""
    shared_removing.remove_retired()


@shared_task(name="agreements.tasks.forget_unfinished_objects")
def forget_unfinished_objects() -> None:
    """Remove what was begun in the stores and never finished."""
    sweeping.forget_abandoned()


@shared_task(name="agreements.tasks.open_subsets")
def open_subsets() -> None:
    """Carry out what was decided about subsets that opened, and tell who waited for them."""
    opening_work.work_off()


@shared_task(name="agreements.tasks.make_checkpoint")
def make_checkpoint() -> None:
    """Make the day's checkpoint of the record, and mail it to the stewards."""
    checkpoint_mail.make_and_mail()
    restore_watch.remember()


@shared_task(name="agreements.tasks.forget_what_is_over")
def forget_what_is_over() -> None:
    """Erase what need not be kept any more, and papers that nothing refers to."""
    retention.run()
    retention.remove_lost()

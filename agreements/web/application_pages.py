"""Applying: a page for each step, and the page that says how it stands."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.applications import drafting, submission, withdrawing
from agreements.applications.form import form_of, members_of
from agreements.applications.missing import DETAILS, SITE
from agreements.applications.permissions import visible_to
from agreements.flows import mail_again
from agreements.identity import mismatch, sources
from agreements.mail import dead_addresses
from agreements.web import access, application_status
from agreements.web.application_forms import DetailsForm, SiteForm, SubmitForm, members_as_text
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.stepper import SUBMIT, next_step, still_missing


@login_required
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Start or resume: what applying means, then the first page that is not filled in."""
    dataset = access.dataset(slug)
    person = access.person(request)
    running = application_status.running(person, dataset)
    if request.method == "GET" and running is None:
        return render(request, "applications/start.html", {"dataset": dataset})
    with IntoMessages(request):
        application = running or drafting.start(dataset=dataset, email=person.email, by=person.actor)
        return redirect(next_step(application, missing=still_missing(application)))
    return redirect("dataset", slug=slug)


@login_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """List the person's applications."""
    mine = visible_to(access.actor(request)).select_related("dataset")
    dead = dead_addresses.is_dead(access.person(request).email)
    return render(request, "applications/list.html", {"applications": mine, "dead": dead})


@login_required
@require_safe
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """Show how an application stands: what is done, what is missing, what happened, which mail was sent."""
    found = access.own_application(request, reference)
    return render(request, "applications/application.html", application_status.context(found))


@login_required
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, reference: str) -> HttpResponse:
    """The page about the person."""
    found = access.own_application(request, reference)
    if access.is_late_form(request, found):
        return redirect("application", reference=reference)
    form = DetailsForm(posted(request), initial={name: getattr(found, name) for name in DetailsForm.base_fields})
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            drafting.save(application=found, fields=form.cleaned_data, by=access.actor(request))
            return redirect(next_step(found, missing=still_missing(found), after=DETAILS))
    if completes := sources.current(sources.REGISTRY) is not None:
        form.complete_organization()
    context = {
        "form": form,
        "completes": completes,
        "mismatch": mismatch.find(str(form["organization"].value() or ""), address=found.email),
        **application_status.frame(found, at=DETAILS, missing=still_missing(found)),
    }
    return render(request, "applications/details.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def site(request: HttpRequest, reference: str) -> HttpResponse:
    """The page about the site, the colleagues and the use."""
    found = access.own_application(request, reference)
    if access.is_late_form(request, found):
        return redirect("application", reference=reference)
    members = [(member.name, member.email) for member in members_of(found)]
    names = [name for name in SiteForm.base_fields if name != "members"]
    form = SiteForm(
        posted(request),
        initial={name: getattr(found, name) for name in names} | {"members": members_as_text(members)},
    )
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            fields = {name: form.cleaned_data[name] for name in names}
            members = form.cleaned_data["members"]
            drafting.save_site(application=found, fields=fields, members=members, by=access.actor(request))
            return redirect(next_step(found, missing=still_missing(found), after=SITE))
    context = {
        "form": form,
        "mismatch": mismatch.find(found.organization, address=found.email),
        **application_status.frame(found, at=SITE, missing=still_missing(found)),
    }
    return render(request, "applications/site.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest, reference: str) -> HttpResponse:
    """The last look, and handing in."""
    found = access.own_application(request, reference)
    if not drafting.is_open(found):
        # A second click on "Submit": what it asked for has happened.
        return redirect("application", reference=reference)
    form = SubmitForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            submission.submit(application=found, by=access.actor(request))
            messages.success(request, _("Your application is in. You will get mail about every step."))
            return redirect("application", reference=reference)
    missing = still_missing(found)
    context = {
        **application_status.frame(found, at=SUBMIT, missing=missing),
        "form": form,
        "missing": missing,
        "repeats": submission.repeats(found),
        "said": form_of(found),
    }
    return render(request, "applications/submit.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the application back; the page that asks names the consequence."""
    found = access.own_application(request, reference)
    with IntoMessages(request):
        withdrawing.withdraw(application=found, by=access.actor(request))
        messages.success(request, _("The application was withdrawn."))
    return redirect("application", reference=reference)


@login_required
@require_POST
def resend_mail(request: HttpRequest, reference: str, message_id: int) -> HttpResponse:
    """Send a mail about this application to its applicant again."""
    found = access.own_application(request, reference)
    message = access.own_mail(found, message_id)
    with IntoMessages(request):
        mail_again.send_to_applicant(application=found, message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("application", reference=reference)

"""Every address of the pages, in the order of the design's table."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from agreements.web import (
    application_pages,
    catalog_pages,
    destruction_pages,
    desk_mail_pages,
    grant_pages,
    interest_pages,
    member_pages,
    number_pages,
    operator_pages,
    paper_pages,
    people_pages,
    publish_pages,
    record_pages,
    review_pages,
    shared_pages,
    steward_pages,
    trace_pages,
    upload_pages,
)
from agreements.web.converters import Reference, Version, Word

register_converter(Reference, "reference")
register_converter(Version, "version")
register_converter(Word, "word")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", catalog_pages.datasets, name="datasets"),
    path("datasets/<slug:slug>/", catalog_pages.dataset, name="dataset"),
    path("datasets/<slug:slug>/annotations/", catalog_pages.annotation_page, name="annotations"),
    path("datasets/<slug:slug>/preview.jpg", catalog_pages.preview, name="preview"),
    path("datasets/<slug:slug>/terms/<version:version>/", catalog_pages.terms, name="terms"),
    path("datasets/<slug:slug>/terms/<version:version>.pdf", catalog_pages.terms_pdf, name="terms-pdf"),
    path("datasets/<slug:slug>/apply/", application_pages.apply, name="apply"),
    path("datasets/<slug:slug>/subsets/<slug:subset>/tell-me/", interest_pages.tell_me, name="tell-me"),
    path("applications/", application_pages.applications, name="applications"),
    path("applications/<reference:reference>/", application_pages.application, name="application"),
    path("applications/<reference:reference>/details/", application_pages.details, name="application-details"),
    path("applications/<reference:reference>/site/", application_pages.site, name="application-site"),
    path("applications/<reference:reference>/agreement/", paper_pages.agreement, name="application-agreement"),
    path("applications/<reference:reference>/agreement.pdf", paper_pages.agreement_pdf, name="agreement-pdf"),
    path("applications/<reference:reference>/signed-copy/", paper_pages.signature, name="application-signature"),
    path(
        "applications/<reference:reference>/signed-copy/state/", paper_pages.signed_copy_state, name="signed-copy-state"
    ),
    path("applications/<reference:reference>/signed-copy/inspect/", paper_pages.inspect_again, name="inspect-again"),
    path("applications/<reference:reference>/signed-copy.pdf", paper_pages.signed_copy, name="signed-copy"),
    path("applications/<reference:reference>/submit/", application_pages.submit, name="application-submit"),
    path("applications/<reference:reference>/withdraw/", application_pages.withdraw, name="application-withdraw"),
    path(
        "applications/<reference:reference>/mail/<int:message_id>/again/",
        application_pages.resend_mail,
        name="mail-resend",
    ),
    path("grants/", grant_pages.grants, name="grants"),
    path("grants/<reference:reference>/", grant_pages.grant, name="grant"),
    path("grants/<reference:reference>/password/", grant_pages.password, name="grant-password"),
    path("grants/<reference:reference>/links.txt", grant_pages.links_txt, name="links-txt"),
    path("grants/<reference:reference>/aria2.txt", grant_pages.aria2_txt, name="aria2-txt"),
    path("grants/<reference:reference>/SHA256SUMS", grant_pages.checksums, name="grant-checksums"),
    path("grants/<reference:reference>/links/", grant_pages.missing_links, name="grant-links"),
    path("grants/<reference:reference>/links/<int:archive_id>/fresh/", grant_pages.fresh_link, name="grant-link"),
    path("grants/<reference:reference>/links/<int:link_id>/end/", grant_pages.end_link, name="grant-link-end"),
    path("grants/<reference:reference>/members/", member_pages.people, name="members"),
    path("grants/<reference:reference>/members/leave/", member_pages.leave, name="leave"),
    path("grants/<reference:reference>/members/<int:member_id>/again/", member_pages.invite_again, name="member-again"),
    path(
        "grants/<reference:reference>/members/<int:member_id>/withdraw/", member_pages.withdraw, name="member-withdraw"
    ),
    path("grants/<reference:reference>/members/<int:member_id>/remove/", member_pages.remove, name="member-remove"),
    path("grants/<reference:reference>/destruction/", destruction_pages.own, name="destruction-own"),
    path(
        "grants/<reference:reference>/destruction/<int:destruction_id>/",
        destruction_pages.destruction,
        name="destruction",
    ),
    path(
        "grants/<reference:reference>/destruction/<int:destruction_id>/certificate.pdf",
        destruction_pages.certificate,
        name="destruction-certificate",
    ),
    path(
        "grants/<reference:reference>/destruction/<int:destruction_id>/revocation.pdf",
        destruction_pages.revocation_certificate,
        name="destruction-revocation",
    ),
    path("invitations/<word:token>/member/", member_pages.join, name="join"),
    path("review/", review_pages.review_queue, name="review-queue"),
    path("review/<reference:reference>/", review_pages.review_case, name="review-case"),
    path("review/<reference:reference>/decide/", review_pages.decide, name="review-decide"),
    path("review/<reference:reference>/remark/", review_pages.remark, name="review-remark"),
    path("review/<reference:reference>/evidence/", review_pages.evidence_part, name="review-evidence"),
    path("review/<reference:reference>/evidence/again/", review_pages.gather_again, name="review-gather-again"),
    path("review/<reference:reference>/pages/<int:number>.png", review_pages.page_image, name="review-page-image"),
    path("review/<reference:reference>/signed-copy.pdf", review_pages.original, name="review-original"),
    path("stewardship/<slug:slug>/", steward_pages.desk, name="stewardship"),
    path("stewardship/<slug:slug>/grants/<reference:reference>/", steward_pages.grant, name="steward-grant"),
    path(
        "stewardship/<slug:slug>/grants/<reference:reference>/revoke/", steward_pages.revoke_grant, name="grant-revoke"
    ),
    path(
        "stewardship/<slug:slug>/procedures/<reference:reference>/certificate/<int:affected_id>.pdf",
        destruction_pages.staff_certificate,
        name="procedure-certificate",
    ),
    path(
        "stewardship/<slug:slug>/procedures/<reference:reference>/destruction/<int:destruction_id>.pdf",
        destruction_pages.staff_attestation,
        name="procedure-destruction",
    ),
    path(
        "stewardship/<slug:slug>/procedures/<reference:reference>/excuse/<int:destruction_id>/",
        destruction_pages.excuse,
        name="procedure-excuse",
    ),
    path("stewardship/<slug:slug>/archives/", publish_pages.archives, name="archives"),
    path("stewardship/<slug:slug>/archives/publish/", publish_pages.publish, name="publish"),
    path("stewardship/<slug:slug>/archives/publish/preview/", publish_pages.preview, name="publish-preview"),
    path("stewardship/<slug:slug>/archives/jobs/<int:job_id>/", publish_pages.job_progress, name="job-progress"),
    path("stewardship/<slug:slug>/archives/jobs/<int:job_id>/stop/", publish_pages.stop_job, name="job-stop"),
    path("stewardship/<slug:slug>/archives/jobs/<int:job_id>/again/", publish_pages.repeat_job, name="job-again"),
    path("stewardship/<slug:slug>/archives/<int:archive_id>/withdraw/", publish_pages.withdraw, name="withdraw"),
    path("stewardship/<slug:slug>/shared/", shared_pages.shared_archives, name="shared"),
    path("stewardship/<slug:slug>/shared/<int:archive_id>/", shared_pages.shared_archive, name="shared-archive"),
    path("stewardship/<slug:slug>/shared/<int:archive_id>/seal/", shared_pages.seal_next, name="shared-seal"),
    path("stewardship/<slug:slug>/shared/<int:archive_id>/again/", shared_pages.seal_again, name="shared-again"),
    path("stewardship/<slug:slug>/uploads/", upload_pages.begin, name="uploads"),
    path("stewardship/<slug:slug>/uploads/<uuid:upload_id>/", upload_pages.upload, name="upload"),
    path("stewardship/<slug:slug>/uploads/<uuid:upload_id>/compare/", upload_pages.compare, name="upload-compare"),
    path("stewardship/<slug:slug>/uploads/<uuid:upload_id>/remove/", upload_pages.remove, name="upload-remove"),
    path(
        "stewardship/<slug:slug>/grants/<reference:reference>/members/<int:member_id>/withdraw/",
        member_pages.withdraw_as_steward,
        name="steward-member-withdraw",
    ),
    path(
        "stewardship/<slug:slug>/grants/<reference:reference>/members/<int:member_id>/remove/",
        member_pages.remove_as_steward,
        name="steward-member-remove",
    ),
    path(
        "stewardship/<slug:slug>/mail/<int:message_id>/again/", desk_mail_pages.resend_mail, name="failed-mail-resend"
    ),
    path("stewardship/<slug:slug>/mail/", desk_mail_pages.failed_mails, name="failed-mails"),
    path("stewardship/<slug:slug>/people/", people_pages.people, name="desk-people"),
    path("stewardship/<slug:slug>/people/invite/", people_pages.invite, name="invite"),
    path("stewardship/<slug:slug>/people/<int:assignment_id>/end/", people_pages.end_role, name="role-end"),
    path(
        "stewardship/<slug:slug>/invitations/<int:invitation_id>/withdraw/",
        people_pages.withdraw_invitation,
        name="invitation-withdraw",
    ),
    path("stewardship/<slug:slug>/trace/", trace_pages.trace, name="trace"),
    path("stewardship/<slug:slug>/numbers/", number_pages.numbers_page, name="numbers"),
    path("stewardship/<slug:slug>/numbers/<slug:figure>.csv", number_pages.numbers_csv, name="numbers-csv"),
    path("stewardship/<slug:slug>/rules/add/", people_pages.add_rule, name="rule-add"),
    path("stewardship/<slug:slug>/rules/<int:rule_id>/end/", people_pages.end_rule, name="rule-end"),
    path("invitations/<word:token>/", people_pages.accept_invitation, name="invitation"),
    path("record/", record_pages.record, name="record"),
    path("record/record.csv", record_pages.record_csv, name="record-csv"),
    path("healthz", operator_pages.healthz, name="healthz"),
    path("readyz", operator_pages.readyz, name="readyz"),
    path("metrics", operator_pages.metrics, name="metrics"),
    path("", include("agreements.web.account_urls")),
]

"""Every text that people write is looked through when somebody is erased: a new one cannot be forgotten."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from agreements.core.erased import named
from agreements.flows.erasing.free_text import TEXTS

# What a dataset's folder or a program writes; mails have a way of their own.
WRITTEN_BY_NOBODY = {
    "Dataset.summary", "Dataset.citation", "Dataset.layout", "Subset.summary", "Terms.source", "Generation.upload",
    "Generation.trouble", "OutboxMessage.sent_text", "RegisteredOrganization.search",
}  # fmt: skip


def test_no_text_is_forgotten() -> None:
    looked_through = {f"{model.__name__}.{text}" for model, text, _salt in TEXTS}
    texts = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("agreements").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.TextField)
    }
    assert texts - looked_through == WRITTEN_BY_NOBODY


def test_a_salt_stands_beside_each_text_of_which_the_record_has_a_digest() -> None:
    for model, text, salt in TEXTS:
        names = {field.name for field in model._meta.get_fields()}
        assert text in names
        assert not salt or salt in names


def test_who_is_named_is_cut_out_and_nobody_else() -> None:
    who = named(["wei.zhang@uni.example"], ["Wei Zhang", "张伟"])
    assert who.cut("Ask WEI  ZHANG (Wei.Zhang+lab@uni.example).") == "Ask [erased] ([erased])."
    assert who.cut("张伟的实验室") == "[erased]的实验室"
    for text in ("Wei Zhangson", "Zhang", "wei.zhang2@uni.example", "wei.zhang@uni.example.org"):
        assert who.cut(text) == text
    assert who.cut("Zhang said so", parts=True) == "[erased] said so"
    assert who.cut_all({"a": ["Wei Zhang", 3], "b": None}) == {"a": ["[erased]", 3], "b": None}

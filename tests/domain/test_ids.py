"""Identifiers: a prefix, then enough unguessable characters."""

import re
from collections.abc import Callable

import pytest

from cybervault.domain.ids import (
    new_action_id,
    new_assessment_id,
    new_batch_id,
    new_event_id,
    new_grant_id,
    new_job_id,
    new_key_id,
    new_member_id,
    new_request_id,
    new_scan_finding_id,
    new_scan_id,
    new_service_account_id,
    new_session_id,
    new_tenant_id,
    random_characters,
)


@pytest.mark.parametrize(
    ("new", "form"),
    [
        (new_request_id, r"req_[0-9a-z]{12}"),
        (new_assessment_id, r"asm_[0-9a-z]{10}"),
        (new_batch_id, r"tel_[0-9a-z]{10}"),
        (new_action_id, r"act_[0-9a-z]{10}"),
        (new_tenant_id, r"tv_[0-9a-z]{12}"),
        (new_key_id, r"key_[0-9a-z]{12}"),
        (new_member_id, r"usr_[0-9a-z]{12}"),
        (new_service_account_id, r"sva_[0-9a-z]{12}"),
        (new_session_id, r"ses_[0-9a-z]{12}"),
        (new_job_id, r"job_[0-9a-z]{12}"),
        (new_grant_id, r"sgr_[0-9a-z]{10}"),
        (new_scan_id, r"scan_[0-9a-z]{10}"),
        (new_scan_finding_id, r"sfn_[0-9a-z]{10}"),
        (new_event_id, r"evt_[0-9a-z]{12}"),
    ],
)
def test_an_id_says_what_it_names_and_is_never_given_twice(new: Callable[[], str], form: str) -> None:
    made = [new() for _ in range(2_000)]
    assert all(re.fullmatch(form, text) for text in made)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("count", [0, 1, 40])
def test_random_characters_are_as_many_as_asked(count: int) -> None:
    assert len(random_characters(count)) == count


def test_random_characters_come_from_the_whole_alphabet() -> None:
    assert set(random_characters(5_000)) == set("0123456789abcdefghijklmnopqrstuvwxyz")

"""Identifiers: a prefix that says what it names, then letters and digits from a random source."""

import secrets
import uuid
from typing import Final, NewType

from cybervault.domain.actions import ActionId
from cybervault.domain.jobs import EventId, JobId
from cybervault.domain.principals import KeyId, MemberId, ServiceAccountId, SessionId, TenantId

RequestId = NewType("RequestId", str)
AssessmentId = NewType("AssessmentId", str)
FindingId = NewType("FindingId", str)
BatchId = NewType("BatchId", str)
GrantId = NewType("GrantId", str)
ScanId = NewType("ScanId", str)
ScanFindingId = NewType("ScanFindingId", str)
ScheduleId = NewType("ScheduleId", str)
WebhookId = NewType("WebhookId", str)
DeliveryId = NewType("DeliveryId", str)

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_REQUEST_CHARACTERS: Final = 12
_ASSESSMENT_CHARACTERS: Final = 10
_FINDING_CHARACTERS: Final = 10
_BATCH_CHARACTERS: Final = 10
_ACTION_CHARACTERS: Final = 10
_GRANT_CHARACTERS: Final = 10
_SCAN_CHARACTERS: Final = 10
_SCAN_FINDING_CHARACTERS: Final = 10
_SCHEDULE_CHARACTERS: Final = 10
_WEBHOOK_CHARACTERS: Final = 10
_TENANT_CHARACTERS: Final = 12
_KEY_CHARACTERS: Final = 12
_MEMBER_CHARACTERS: Final = 12
_SERVICE_ACCOUNT_CHARACTERS: Final = 12
_SESSION_CHARACTERS: Final = 12
_JOB_CHARACTERS: Final = 12
_EVENT_CHARACTERS: Final = 12


def random_characters(count: int) -> str:
    """`count` characters of lower-case letters and digits, unguessable."""
    # One call of the random source for all of them: every request has an id.
    number, found = secrets.randbelow(len(_ALPHABET) ** count), []
    for _ in range(count):
        number, rest = divmod(number, len(_ALPHABET))
        found.append(_ALPHABET[rest])
    return "".join(found)


def new_request_id() -> RequestId:
    """`req_` and 12 characters (contract 1.4.3)."""
    return RequestId(f"req_{random_characters(_REQUEST_CHARACTERS)}")


def new_assessment_id() -> AssessmentId:
    """`asm_` and 10 characters (contract 1.4.5)."""
    return AssessmentId(f"asm_{random_characters(_ASSESSMENT_CHARACTERS)}")


def new_finding_id() -> FindingId:
    """`thr_` and 10 characters (contract 1.3.2)."""
    return FindingId(f"thr_{random_characters(_FINDING_CHARACTERS)}")


def new_batch_id() -> BatchId:
    """`tel_` and 10 characters, for a batch of telemetry."""
    return BatchId(f"tel_{random_characters(_BATCH_CHARACTERS)}")


def new_action_id() -> ActionId:
    """`act_` and 10 characters."""
    return ActionId(f"act_{random_characters(_ACTION_CHARACTERS)}")


def new_grant_id() -> GrantId:
    """`sgr_` and 10 characters, for what may be scanned."""
    return GrantId(f"sgr_{random_characters(_GRANT_CHARACTERS)}")


def new_scan_id() -> ScanId:
    """`scan_` and 10 characters (contract 1.2.4)."""
    return ScanId(f"scan_{random_characters(_SCAN_CHARACTERS)}")


def new_schedule_id() -> ScheduleId:
    """`sch_` and 10 characters, for scans that are asked for again and again."""
    return ScheduleId(f"sch_{random_characters(_SCHEDULE_CHARACTERS)}")


def new_scan_finding_id() -> ScanFindingId:
    """`sfn_` and 10 characters, for what scans saw."""
    return ScanFindingId(f"sfn_{random_characters(_SCAN_FINDING_CHARACTERS)}")


def new_webhook_id() -> WebhookId:
    """`hook_` and 10 characters, for a place that events are sent to."""
    return WebhookId(f"hook_{random_characters(_WEBHOOK_CHARACTERS)}")


def new_delivery_id() -> DeliveryId:
    """`wh_` and a random UUID (contract 1.4.10): receivers know what they were sent before by it."""
    return DeliveryId(f"wh_{uuid.uuid4()}")


def new_tenant_id() -> TenantId:
    """`tv_` and 12 characters (contract 1.4.4)."""
    return TenantId(f"tv_{random_characters(_TENANT_CHARACTERS)}")


def new_key_id() -> KeyId:
    """`key_` and 12 characters; says nothing about the secret."""
    return KeyId(f"key_{random_characters(_KEY_CHARACTERS)}")


def new_member_id() -> MemberId:
    """`usr_` and 12 characters."""
    return MemberId(f"usr_{random_characters(_MEMBER_CHARACTERS)}")


def new_service_account_id() -> ServiceAccountId:
    """`sva_` and 12 characters."""
    return ServiceAccountId(f"sva_{random_characters(_SERVICE_ACCOUNT_CHARACTERS)}")


def new_session_id() -> SessionId:
    """`ses_` and 12 characters; names a session in lists and says nothing about its cookie."""
    return SessionId(f"ses_{random_characters(_SESSION_CHARACTERS)}")


def new_job_id() -> JobId:
    """`job_` and 12 characters."""
    return JobId(f"job_{random_characters(_JOB_CHARACTERS)}")


def new_event_id() -> EventId:
    """`evt_` and 12 characters; whoever is told an event twice knows it by this."""
    return EventId(f"evt_{random_characters(_EVENT_CHARACTERS)}")

"""What a domain's records say: who may send its mail, where names lead, and whether anybody could take one over.

SPF is read as its text stands: checkers that follow it found a record that lets everybody in without fault.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cybervault.egress.message import DnsQuestion, DnsReply
from cybervault.scans.engines import NAMES
from cybervault.scans.seen import Coverage, CoverageState, Host, Report, Seen, shown

Resolve: TypeAlias = Callable[[DnsQuestion], Awaitable[DnsReply]]

_NXDOMAIN: Final = 3
_SPF_LOOKUPS_MAX: Final = 10
_SPF_DEPTH_MAX: Final = 10
_MX_MAX: Final = 10
_ADDRESSES_MAX: Final = 16
_NAME: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?", re.ASCII)


@dataclass(slots=True)
class _Inquiry:
    """Questions about one domain; `failed` are those that nobody answered."""

    resolve: Resolve
    failed: list[str] = field(default_factory=list)

    async def records(self, name: str, record_type: str) -> tuple[str, ...]:
        """The answers, without letter case and closing dot where they are names."""
        reply = await self._ask(name, record_type)
        return reply.records

    async def is_nobody(self, name: str) -> bool:
        """Whether it is certain that a name does not exist."""
        reply = await self._ask(name, "A")
        return reply.failure is None and reply.code == _NXDOMAIN

    async def _ask(self, name: str, record_type: str) -> DnsReply:
        reply = await self.resolve(DnsQuestion(name=name, record_type=record_type))
        if reply.failure is not None or reply.code not in {0, _NXDOMAIN}:
            self.failed.append(f"{record_type} of {name}")
        return reply


async def look_at_name(domain: str, resolve: Resolve, *, has_compliance_rules: bool) -> Report:
    """Ask for a domain's records; `hosts` are the addresses that it leads to, which are still to be allowed."""
    ask = _Inquiry(resolve)
    addresses = [*await ask.records(domain, "A"), *await ask.records(domain, "AAAA")]
    rules = await _aliases(ask, domain)
    mail = await ask.records(domain, "MX")
    servers = await ask.records(domain, "NS")
    is_apex = bool(servers) or domain.count(".") == 1
    if mail or is_apex:
        rules += await _spf(ask, domain)
        rules += await _dmarc(ask, domain)
        rules += await _exchanges(ask, mail)
    if len(servers) == 1:
        rules.append(("single_name_server", shown(servers[0])))
    if has_compliance_rules and is_apex:
        rules += await _compliance(ask, domain, has_mail=bool(mail))
    hosts = [Host(domain, text, domain) for text in addresses[:_ADDRESSES_MAX] if _is_address(text)]
    seen = [Seen(domain, rule, NAMES, "", evidence) for rule, evidence in rules]
    return Report(seen, [_coverage(domain, ask)], hosts)


def _coverage(domain: str, ask: _Inquiry) -> Coverage:
    if not ask.failed:
        return Coverage(domain, NAMES, CoverageState.COVERED)
    reason = f"no name server answered for {', '.join(sorted(set(ask.failed))[:5])}"
    return Coverage(domain, NAMES, CoverageState.FAILED, reason)


async def _aliases(ask: _Inquiry, domain: str) -> list[tuple[str, str]]:
    for alias in await ask.records(domain, "CNAME"):
        target = _plain(alias)
        if target and await ask.is_nobody(target):
            return [("cname_dangling", shown(target))]
    return []


async def _spf(ask: _Inquiry, domain: str) -> list[tuple[str, str]]:
    found = [text for text in await ask.records(domain, "TXT") if _is_spf(text)]
    if not found:
        return [] if ask.failed else [("spf_missing", "")]
    if len(found) > 1:
        return [("spf_broken", f"{len(found)} records")]
    verdict, rules = spf_end(found[0]), []
    if verdict is not None:
        rules.append((verdict, shown(found[0])))
    lookups = await _lookups(ask, found[0], 0)
    if lookups > _SPF_LOOKUPS_MAX:
        rules.append(("spf_broken", f"more than {_SPF_LOOKUPS_MAX} terms ask the DNS"))
    return rules


def spf_end(record: str) -> str | None:
    """The rule that the end of an SPF record breaks: who is not named may, or nothing is said of them (pure)."""
    terms = [term.lower() for term in record.split()[1:]]
    every = [term for term in terms if term.lstrip("+-~?") == "all"]
    if not every:
        return None if any(term.startswith("redirect=") for term in terms) else "spf_neutral"
    return {"-": None, "~": None, "?": "spf_neutral"}.get(every[0][0], "spf_allows_all")


async def _lookups(ask: _Inquiry, record: str, depth: int) -> int:
    """How many terms ask the DNS, those of included records too (RFC 7208, 4.6.4); counting ends beyond the limit."""
    count = 0
    for term in (term.lower().lstrip("+-~?") for term in record.split()[1:]):
        mechanism = re.split(r"[:=/]", term, maxsplit=1)
        if mechanism[0] not in {"include", "a", "mx", "ptr", "exists", "redirect"}:
            continue
        count += 1
        if mechanism[0] in {"include", "redirect"} and len(mechanism) > 1 and depth < _SPF_DEPTH_MAX:
            target = _plain(mechanism[1])
            inner = [text for text in await ask.records(target, "TXT") if _is_spf(text)] if target else []
            count += await _lookups(ask, inner[0], depth + 1) if inner else 0
        if count > _SPF_LOOKUPS_MAX:
            break
    return count


async def _dmarc(ask: _Inquiry, domain: str) -> list[tuple[str, str]]:
    labels = domain.split(".")
    # The record of a domain above counts for the names below it (RFC 7489, 6.6.3).
    for start in range(len(labels) - 1):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        texts = await ask.records(name, "TXT")
        found = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if found:
            return [(rule, shown(found[0])) for rule in dmarc_rules(found[0])]
    return [] if ask.failed else [("dmarc_missing", "")]


def dmarc_rules(record: str) -> list[str]:
    """The rules that a DMARC record breaks (pure)."""
    tags = dict(_tag(part) for part in record.lower().split(";") if "=" in part)
    strictness = {"none": 0, "quarantine": 1, "reject": 2}
    policy = strictness.get(tags.get("p", "none"), 0)
    rules = [] if policy else ["dmarc_not_enforced"]
    if strictness.get(tags.get("sp", ""), policy) < policy:
        rules.append("dmarc_weaker_below")
    if not tags.get("rua"):
        rules.append("dmarc_without_reports")
    return rules


async def _exchanges(ask: _Inquiry, mail: tuple[str, ...]) -> list[tuple[str, str]]:
    targets = [_plain(record.split()[-1]) for record in mail[:_MX_MAX] if record.split()]
    gone = [target for target in targets if target and await ask.is_nobody(target)]
    return [("mx_dangling", shown(", ".join(gone)))] if gone else []


async def _compliance(ask: _Inquiry, domain: str, *, has_mail: bool) -> list[tuple[str, str]]:
    wanted = [("caa_missing", domain, "CAA"), ("dnssec_missing", domain, "DS")]
    if has_mail:
        wanted.append(("mta_sts_missing", f"_mta-sts.{domain}", "TXT"))
    rules = []
    for rule, name, record_type in wanted:
        before = len(ask.failed)
        # Where nobody answered, nothing is missing for certain.
        if not await ask.records(name, record_type) and len(ask.failed) == before:
            rules.append((rule, ""))
    return rules


def _tag(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()


def _is_spf(text: str) -> bool:
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def _plain(name: str) -> str:
    """A name that can be asked for, in lower case and without its closing dot; "" for anything else."""
    text = name.lower().rstrip(".")
    return text if _NAME.fullmatch(text) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

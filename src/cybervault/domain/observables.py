"""Observables: refang, classify and bring to canonical form one thing that can be seen.

Every step looks at each character a bounded number of times, so hostile input costs linear time.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import quote

import idna

from cybervault.domain.problems import Problem, ProblemKind

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

TEXT_CHARACTERS_MAX: Final = 2048
_NAME_CHARACTERS_MAX: Final = 253
_LABEL_CHARACTERS_MAX: Final = 63
_ASN_MAX: Final = 2**32 - 1
_PORT_MAX: Final = 65535


class Kind(StrEnum):
    """The type of an observable."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DOMAIN = "domain"
    URL = "url"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"
    EMAIL = "email"
    CVE = "cve"
    ASN = "asn"
    CIDR = "cidr"


HASH_KINDS: Final = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.SHA512})
ADDRESS_KINDS: Final = frozenset({Kind.IPV4, Kind.IPV6})

_KIND_BY_HEX_DIGITS: Final = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256, 128: Kind.SHA512}


class Marking(StrEnum):
    """TLP 2.0: how far an observable may travel."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"

    @property
    def may_leave(self) -> bool:
        """Whether outside services may see it; AMBER+STRICT and RED stay on this machine."""
        return self not in {Marking.AMBER_STRICT, Marking.RED}


@dataclass(frozen=True, slots=True)
class Observable:
    """One observable in canonical form: lower case where case has no meaning, names as A-labels."""

    kind: Kind
    value: str
    marking: Marking = Marking.CLEAR

    @property
    def address(self) -> Address:
        """The address of an IPv4 or IPv6 observable; a bug for any other kind."""
        return ipaddress.ip_address(self.value)

    @property
    def host(self) -> str | None:
        """The host that an address, domain, URL or e-mail address names; None for the other kinds."""
        match self.kind:
            case Kind.IPV4 | Kind.IPV6 | Kind.DOMAIN:
                return self.value
            case Kind.EMAIL:
                return self.value.rpartition("@")[2]
            case Kind.URL:
                return _host_of_url(self.value)
            case _:
                return None

    @property
    def display(self) -> str:
        """The value as people write it: labels with their Unicode letters where that is unambiguous."""
        if self.kind is not Kind.DOMAIN or "xn--" not in self.value:
            return self.value
        try:
            shown = idna.decode(self.value)
        except (idna.IDNAError, UnicodeError):
            return self.value
        pairs = zip(shown.split("."), self.value.split("."), strict=True)
        return ".".join(letters if _is_unambiguous(letters) else plain for letters, plain in pairs)

    @property
    def is_outside(self) -> bool:
        """Whether asking others about it makes sense: False for special-use addresses and names.

        RFC 1918, loopback, link-local and their kin stay inside; the documentation ranges count as
        outside, because every published example uses them (contract 1.1.2).
        """
        host = self.host
        if host is None:
            return self.kind is not Kind.CIDR or _is_outside_network(self.value)
        try:
            return is_outside_address(ipaddress.ip_address(host))
        except ValueError:
            return _is_outside_name(host)


# RFC 6761, RFC 6762, RFC 7686, RFC 9476, ICANN's "internal" and what networks use at home though nobody gave it to
# them: names no public resolver can answer. "test" and "example" stay outside with the documentation ranges.
_INSIDE_TOP_LABELS: Final = frozenset(
    {"alt", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "onion",
     "private"}
)  # fmt: skip
_HOME_ZONE: Final = "home.arpa"  # RFC 8375


def _is_outside_name(host: str) -> bool:
    """A name without a dot means something in the own network only."""
    _, dot, top = host.rpartition(".")
    return bool(dot) and top not in _INSIDE_TOP_LABELS and not f".{host}".endswith(f".{_HOME_ZONE}")


# Scripts that one label may mix (the "highly restrictive" level of UTS 39), by the first word of a letter's name.
_SCRIPT_FAMILIES: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
# Letters outside ASCII that look like one inside it; a label with no others would pass for another name.
_LATIN_LOOKALIKES: Final = frozenset("асԁеһіјӏорԛѕтԝхуѵькмνοραικυγτ")
_PHONETIC: Final = re.compile("[\u0250-\u02af\u1d00-\u1dbf]")  # Latin letters that stand in no one's name


def _is_unambiguous(label: str) -> bool:
    scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in label if letter.isalpha()}
    foreign = {letter for letter in label if not letter.isascii()}
    is_one_script = len(scripts) <= 1 or any(scripts <= family for family in _SCRIPT_FAMILIES)
    return is_one_script and not (foreign and foreign <= _LATIN_LOOKALIKES) and not _PHONETIC.search(label)


# RFC 6890, RFC 4193, RFC 6666 and RFC 8215, without the documentation ranges.
_INSIDE_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "::/127", "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def embedded_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries (mapped, compatible, 6to4, Teredo, NAT64), if any."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    number = int(address)
    is_compatible = number >> 32 == 0 and number > 1
    is_nat64 = number >> 32 == int(ipaddress.IPv6Address("64:ff9b::")) >> 32
    return ipaddress.IPv4Address(number & 0xFFFFFFFF) if is_compatible or is_nat64 else None


def is_outside_address(address: Address) -> bool:
    """Whether an address lies in the public internet (documentation ranges count as public)."""
    carried = embedded_ipv4(address)
    if carried is not None and not is_outside_address(carried):
        return False
    return not any(address.version == network.version and address in network for network in _INSIDE_NETWORKS)


def _is_outside_network(text: str) -> bool:
    network = ipaddress.ip_network(text)
    ends_outside = is_outside_address(network.network_address) and is_outside_address(network.broadcast_address)
    return ends_outside and not any(
        network.version == inside.version and network.overlaps(inside) for inside in _INSIDE_NETWORKS
    )


_SCHEMES: Final = {
    "http": "http", "hxxp": "http", "hxtp": "http", "htxp": "http", "h**p": "http", "meow": "http",
    "ftp": "ftp", "fxp": "ftp",
}  # fmt: skip
# Scheme, separator and authority, each possibly defanged; the authority ends where RFC 3986 says, or at a "[/]".
_URL_HEAD: Final = re.compile(
    rf"\A({'|'.join(map(re.escape, _SCHEMES))})(s?)"
    r"(?:\[://\]|(?:\[:\]|\(:\)|:)(?:/|\[/\]){2})((?:(?!\[/\])[^/?#\\])*)",
    re.IGNORECASE | re.ASCII,
)
_REFANGED: Final = (
    ("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("(dot)", "."), ("{dot}", "."), ("\\.", "."),
    ("[:]", ":"), ("(:)", ":"), ("[at]", "@"), ("(at)", "@"), ("[@]", "@"), ("[/]", "/"),
    (" dot ", "."), (" at ", "@"), ("\u3002", "."), ("\uff0e", "."), ("\uff61", "."),
)  # fmt: skip
_ANY_REFANGED: Final = re.compile("|".join(re.escape(old) for old, _ in _REFANGED), re.IGNORECASE)
_REPLACEMENT: Final = dict(_REFANGED)
# Inside an address; standing alone, as in "http://[::]:80/", it is the literal of the unspecified address.
_INNER_COLONS: Final = re.compile(r"(?<=[0-9a-f])\[::\]|\[::\](?=[0-9a-f])", re.IGNORECASE | re.ASCII)


def refang(text: str) -> str:
    """Undo the usual ways of making an indicator harmless: `hxxp`, `[.]`, `(dot)`, `[at]`, `[:]`.

    Of a URL only scheme and authority tell whether it was defanged; then `[.]` is undone behind them too. A plain
    URL stays as it is, because "(dot)" and "[.]" are proper parts of a path.
    """
    text = text.strip()
    head = _URL_HEAD.match(text)
    if head is None:
        return _undo(text)
    scheme, secure, authority = head.groups()
    plain = f"{_SCHEMES[scheme.lower()]}{secure.lower()}://{_undo(authority)}"
    if plain.lower() == head.group().lower():
        return text
    rest = text[head.end() :].replace("[.]", ".")
    return plain + (rest.replace("[/]", "/") if rest.startswith("[/]") else rest)


def _undo(text: str) -> str:
    return _ANY_REFANGED.sub(lambda found: _REPLACEMENT[found.group().lower()], _INNER_COLONS.sub("::", text))


def defang(text: str) -> str:
    """Make an indicator safe to paste into mail and chat; `refang` gives the text back."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text.replace(".", "[.]").replace("@", "[at]")
    return f"{scheme.replace('t', 'x').replace('T', 'X')}{separator}{rest.replace('.', '[.]')}"


def parse_observable(text: str, marking: Marking = Marking.CLEAR) -> Observable:
    """Read one observable from text somebody typed or pasted, defanged or not.

    Raises `Problem` INVALID `unknown_observable` when it is none, `observable_too_long` above 2,048 characters,
    in the text or (letters outside ASCII grow) in the canonical form.
    """
    _refuse_too_long(text)
    plain = "" if _SURROGATE.search(text) else refang(text)
    for read in _READERS:
        found = read(plain)
        if found is not None:
            kind, value = found
            _refuse_too_long(value)
            return Observable(kind, value, marking)
    raise Problem(
        ProblemKind.INVALID,
        code="unknown_observable",
        message="This is no address, domain, URL, hash, e-mail address, CVE, AS number or network that we know.",
    )


def _refuse_too_long(text: str) -> None:
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Problem(
            ProblemKind.INVALID,
            code="observable_too_long",
            message=f"An indicator has at most {TEXT_CHARACTERS_MAX} characters; this text has {len(text)}.",
        )


Found: TypeAlias = tuple[Kind, str] | None

_SURROGATE: Final = re.compile("[\ud800-\udfff]")  # half a character, which no encoder takes
_HEX: Final = re.compile(r"\A[0-9a-fA-F]+\Z")
_CVE: Final = re.compile(r"\ACVE-(\d{4})-(\d{4,19})\Z", re.IGNORECASE | re.ASCII)
_ASN: Final = re.compile(r"\AASN?\s?(\d{1,10})\Z", re.IGNORECASE | re.ASCII)
_URL: Final = re.compile(r"\A((?a:https?|ftp))://([^/?#\\]+)(\S*)\Z", re.IGNORECASE)
_PLACE: Final = re.compile(r"\A(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::([0-9]*))?\Z", re.IGNORECASE | re.ASCII)
_LABEL: Final = re.compile(r"\A[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\Z")
_LOCAL_PART: Final = re.compile(r"\A[^\s@\"(),:;<>\[\\\]]{1,64}\Z")


def _read_address(text: str) -> Found:
    plain = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if "%" in plain:  # a zone index names an interface of one machine, not a thing others know
        return None
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return Kind.IPV4, str(address.ipv4_mapped)
    return (Kind.IPV4 if address.version == 4 else Kind.IPV6), str(address)  # noqa: PLR2004 - the IP version itself


def _read_network(text: str) -> Found:
    if "/" not in text or "://" in text:
        return None
    try:
        return Kind.CIDR, str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def _read_hash(text: str) -> Found:
    kind = _KIND_BY_HEX_DIGITS.get(len(text))
    return (kind, text.lower()) if kind is not None and _HEX.match(text) else None


def _read_cve(text: str) -> Found:
    return (Kind.CVE, text.upper()) if _CVE.match(text) else None


def _read_asn(text: str) -> Found:
    found = _ASN.match(text)
    if found is None or int(found.group(1)) > _ASN_MAX:
        return None
    return Kind.ASN, f"AS{int(found.group(1))}"


def _read_url(text: str) -> Found:
    found = _URL.match(text)
    if found is None or any(ord(character) < ord(" ") for character in text):
        return None
    scheme, authority, rest = found.groups()
    user, _, place = authority.rpartition("@")
    parts = _PLACE.match(place)
    if parts is None or _ANY_REFANGED.search(authority):
        return None
    name, port = _canonical_host(parts.group(1)), int(parts.group(2) or "0")
    if name is None or port > _PORT_MAX:
        return None
    shown = f"[{name}]" if ":" in name else name
    suffix = "" if not parts.group(2) or (scheme.lower(), port) in _DEFAULT_PORTS else f":{port}"
    path = rest if rest.startswith("/") else f"/{rest}"
    account = f"{_escape(user)}@" if user else ""
    return Kind.URL, f"{scheme.lower()}://{account}{shown}{suffix}{_escape(path)}"


_DEFAULT_PORTS: Final = {("http", 80), ("https", 443), ("ftp", 21)}


def _escape(path: str) -> str:
    """Percent-encode what is not ASCII, as a browser would send it; what is encoded already stays."""
    return quote(path, safe="%/?#[]@!$&'()*+,;=:-._~|^`{}\"<>\\")


def _canonical_host(host: str) -> str | None:
    is_literal = host.startswith("[")
    found = _read_address(host) if ":" in host or not is_literal else None
    if found is None and not is_literal:
        found = _read_domain(host) or _read_single_label(host)
    return None if found is None else found[1]


def _read_single_label(text: str) -> Found:
    name = text.lower()
    return (Kind.DOMAIN, name) if _is_label(name) and not name.isdigit() else None


def _read_email(text: str) -> Found:
    local, at, host = text.rpartition("@")
    account = local.lower()
    if not at or not _LOCAL_PART.match(account) or not account.isprintable() or _ANY_REFANGED.search(account):
        return None
    name = _read_domain(host)
    return None if name is None else (Kind.EMAIL, f"{account}@{name[1]}")


def _read_domain(text: str) -> Found:
    name = text.removesuffix(".")
    if not name or len(name) > _NAME_CHARACTERS_MAX or "." not in name:
        return None
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    labels = name.lower().split(".")
    if len(name) > _NAME_CHARACTERS_MAX or not all(_is_label(label) for label in labels):
        return None
    top = labels[-1]
    if not (top.isalpha() or top.startswith("xn--")) or len(top) < 2:  # noqa: PLR2004 - the shortest top-level domain
        return None
    return Kind.DOMAIN, ".".join(labels)


def _is_label(label: str) -> bool:
    return len(label) <= _LABEL_CHARACTERS_MAX and _LABEL.match(label) is not None


def _host_of_url(url: str) -> str:
    """The host of a canonical URL, an IPv6 address without its brackets."""
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    return authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]


_READERS: Final = (
    _read_address, _read_network, _read_hash, _read_cve, _read_asn, _read_url, _read_email, _read_domain,
)  # fmt: skip

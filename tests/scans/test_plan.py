"""How scans are cut into parts."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from cybervault.scans.contents import Layer, LayerContents
from cybervault.scans.engines import (
    ACCOUNT,
    ADVISORIES,
    AT_ONCE,
    CLOUD,
    ENGINES,
    IMAGE,
    LAYERS,
    LISTING,
    NAMES,
    PROWLER,
    SERVICES,
    SWEEP,
    WAPITI,
    WHOLE,
)
from cybervault.scans.engines.prowler import SERVICES as SERVICES_OF_AWS
from cybervault.scans.plan import (
    MISSING,
    Part,
    account_parts,
    area_parts,
    attack_parts,
    connections_of,
    first_parts,
    image_parts,
    layer_parts,
    minutes_of,
    package_parts,
    phases_of,
    progress_of,
    prowler_parts,
    resource_parts,
    service_parts,
    sweep_parts,
    targets_of,
    uncounted,
    unplanned,
)
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.scan import Chunk, Phase
from cybervault.scans.seen import CloudArea, CloudResource, Host, Service
from cybervault.scans.targets import Target, TargetKind, parse_target

ACCOUNT_ROOT = "arn:aws:iam::123456789012:root"
STANDARD = load_profiles()[ProfileName.STANDARD]


def targets(*texts: str) -> tuple[Target, ...]:
    return tuple(parse_target(text) for text in texts)


def test_what_no_engine_is_there_for_is_said_first_then_names_in_eights() -> None:
    names = [f"h{number}.example" for number in range(9)]
    parts = first_parts(targets("10.1.0.0/24", "arn:aws:s3:::bucket", "oci://r.example/app", *names), ["10.1.0.0/24"])
    assert [(part.phase, len(part.subjects)) for part in parts] == [(MISSING, 1), (NAMES, 8), (NAMES, 1)]
    assert first_parts(targets("10.1.0.0/24"), []) == []


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("10.1.0.0/24", 4),
        ("10.1.0.0/26", 1),
        ("10.1.0.8/29", 1),
        ("10.1.0.7", 1),
        ("fd12::/120", 4),
        ("10.1.0.0/16", 1_024),
    ],
)
def test_a_network_is_swept_in_small_blocks_that_are_all_of_it(text: str, blocks: int) -> None:
    parts = sweep_parts(targets(text), [])
    assert len(parts) == blocks
    swept = [host.address for part in parts for host in part.hosts]
    assert swept == [str(address) for address in ip_network(text)]
    assert {host.target for part in parts for host in part.hosts} == {text}


def test_the_addresses_of_one_name_stay_together() -> None:
    hosts = [Host("a.example", "10.1.0.1", "a.example"), Host("a.example", "10.1.0.2", "a.example")]
    parts = sweep_parts((), [*hosts, Host("b.example", "10.1.0.1", "b.example")])
    assert [(part.phase, part.subjects, len(part.hosts)) for part in parts] == [
        (SWEEP, ("a.example",), 2),
        (SWEEP, ("b.example",), 1),
    ]


def test_services_are_looked_at_sixteen_at_a_time() -> None:
    services = [Service(Host("10.1.0.0/24", f"10.1.0.{number // 4}"), number) for number in range(20)]
    parts = service_parts(services)
    assert [(part.phase, len(part.services), len(part.subjects)) for part in parts] == [
        (SERVICES, 16, 4),
        (SERVICES, 4, 1),
    ]
    attacks = attack_parts([Service(Host("10.1.0.7", "10.1.0.7"), port) for port in (80, 443, 8080)])
    assert [(part.phase, len(part.services), part.subjects) for part in attacks] == [
        (WAPITI, 2, ("10.1.0.7",)),
        (WAPITI, 1, ("10.1.0.7",)),
    ]


@pytest.mark.parametrize(
    ("asked", "phases"),
    [
        (("10.1.0.7", "example.com", ACCOUNT_ROOT), (NAMES, SWEEP, SERVICES, ACCOUNT, LISTING, CLOUD, PROWLER)),
        (("oci://r.example/app", "arn:aws:s3:::bucket"), (CLOUD, PROWLER, IMAGE, LAYERS, ADVISORIES)),
        (("10.1.0.7", "oci://r.example/app"), (SWEEP, SERVICES, IMAGE, LAYERS, ADVISORIES)),
        (("10.1.0.7", "oci://r.example/app"), (SWEEP, SERVICES, IMAGE, LAYERS, ADVISORIES, WAPITI)),
    ],
)
def test_progress_never_falls_and_leaves_room_for_the_end(asked: tuple[str, ...], phases: tuple[str, ...]) -> None:
    is_pentest = WAPITI in phases
    walked = [
        progress_of(phase, done, 3, targets=targets(*asked), is_pentest=is_pentest)
        for phase in phases
        for done in (1, 2, 3)
    ]
    assert walked == sorted(walked)
    assert walked[-1] == 0.99
    assert walked[-4] > 0.5
    with pytest.raises(ValueError, match="lunch"):
        progress_of("lunch", 1, 1, targets=targets(*asked))


def test_images_are_cut_into_layers_and_put_together_again() -> None:
    one, two = "oci://r.example/app", "oci://r.example/web"
    assert [part.subjects for part in image_parts(targets("10.1.0.1", one, two))] == [(one,), (two,)]
    layers = [Layer(target, place, "sha256:x", 1) for target in (one, two) for place in range(2)]
    assert [(part.subjects, part.layers) for part in layer_parts(layers)] == [((one.target,), (one,)) for one in layers]
    contents = [LayerContents(layer, ()) for layer in layers]
    assert [(part.subjects, part.contents) for part in package_parts(contents)] == [
        ((one,), tuple(contents[:2])),
        ((two,), tuple(contents[2:])),
    ]


def test_an_estimate_grows_with_what_is_asked_for() -> None:
    few, many = targets("10.1.0.1"), targets("10.1.0.0/16", "example.com")
    assert minutes_of(few, STANDARD) == 1
    assert minutes_of(targets(ACCOUNT_ROOT), STANDARD) == 5
    assert minutes_of(targets("arn:aws:s3:::bucket"), STANDARD) == 1
    assert minutes_of(many, STANDARD) > 60
    assert connections_of(many, STANDARD) == 65_537 * len(STANDARD.ports)
    assert minutes_of(many, replace(STANDARD, at_once=1_000_000)) == 1
    alone, beside = (minutes_of(many, replace(STANDARD, parts_at_once=count)) for count in (1, 4))
    assert beside * 3 < alone < beside * 5
    # One block of addresses is one part, however many hands there are.
    block = targets("10.1.0.0/27")
    slow = replace(STANDARD, at_once=1, connect_seconds=3.0)
    assert minutes_of(block, replace(slow, parts_at_once=4)) == minutes_of(block, slow)


def test_engines_of_others_make_a_scan_longer_and_louder() -> None:
    """What they cost was counted before real servers: sslyze asks one five hundred times."""
    asked, names = targets("10.1.0.0/30", "example.com"), targets(*(f"h{number}.example" for number in range(100)))
    apart = [
        engine
        for engine in ENGINES
        if engine.kind is TargetKind.NETWORK and engine.is_apart and not engine.is_attacking
    ]
    ssh_audit, sslyze, nmap = apart
    profile = replace(STANDARD, ports=(22, 80, 443, 8443))
    assert connections_of(asked, profile) == 5 * 4
    services = ssh_audit.connections + 2 * sslyze.connections + nmap.connections
    assert connections_of(asked, profile, apart) == 5 * (4 + services)
    assert minutes_of(names, STANDARD, apart) > minutes_of(names, STANDARD)
    assert minutes_of(targets("oci://r.example/app:1"), STANDARD, []) == 1


def test_attacks_are_counted_on_every_port_where_web_servers_usually_listen() -> None:
    (wapiti,) = [engine for engine in ENGINES if engine.is_attacking]
    profile, hosts = replace(STANDARD, ports=(22, 80, 8080)), targets(*(f"h{number}.example" for number in range(100)))
    assert connections_of(targets("10.1.0.7"), profile, [wapiti]) == 3 + 2 * wapiti.connections
    more = minutes_of(hosts, STANDARD, [wapiti]) - minutes_of(hosts, STANDARD)
    assert more == pytest.approx(100 * wapiti.seconds / AT_ONCE / 60, abs=1)


def test_what_clouds_and_images_cost_is_counted_as_far_as_it_can_be_known() -> None:
    """An account and an image may hold anything: that they are not counted is told, and no number made up."""
    named, whole, image = "arn:aws:s3:::bucket", ACCOUNT_ROOT, "oci://r.example/app:1"
    prowler, *whole_image = (next(one for one in ENGINES if one.name == name) for name in (PROWLER, *WHOLE))
    syft = whole_image[0]
    apart = [prowler, *whole_image, *(one for one in ENGINES if one.kind is TargetKind.NETWORK)]
    assert connections_of(targets(named, named), STANDARD) == 2 * 10
    assert connections_of(targets(named, whole, image), STANDARD, apart) == 10 + prowler.connections
    assert uncounted(targets(named, whole, image, "10.1.0.7")) == (whole, image)
    # What looks at one kind of target costs nothing at another.
    assert connections_of(targets("10.1.0.7"), STANDARD, [prowler]) == len(STANDARD.ports)
    hosts = targets(*(f"h{number}.example" for number in range(100)))
    assert minutes_of(hosts, STANDARD, [prowler, syft]) == minutes_of(hosts, STANDARD)
    alone, beside = (replace(STANDARD, parts_at_once=count) for count in (1, 4))
    assert minutes_of(targets(whole), alone, apart) == 11
    assert minutes_of(targets(whole), beside, apart) == 7
    assert minutes_of(targets(*(f"arn:aws:s3:::b{number}" for number in range(8))), alone, apart) == 3
    images = targets(*(f"oci://r.example/app:{number}" for number in range(24)))
    assert (
        minutes_of(images, STANDARD),
        minutes_of(images, STANDARD, [syft]),
        minutes_of(images, STANDARD, apart),
    ) == (12, 14, 24)


def test_what_was_not_even_planned_is_known_by_its_phase() -> None:
    asked = targets("10.1.0.7", "example.com", "arn:aws:s3:::bucket")
    assert unplanned(asked, {CLOUD, PROWLER, NAMES, SWEEP}) == [("10.1.0.7", SERVICES), ("example.com", SERVICES)]
    assert len(unplanned(asked, set())) == 7
    assert unplanned(asked, {CLOUD, PROWLER, NAMES, SWEEP, SERVICES}) == []
    attacked = unplanned(asked, {CLOUD, PROWLER, NAMES, SWEEP, SERVICES}, is_pentest=True)
    assert attacked == [("10.1.0.7", WAPITI), ("example.com", WAPITI)]
    assert unplanned(targets(ACCOUNT_ROOT), {ACCOUNT}) == [
        (ACCOUNT_ROOT, LISTING),
        (ACCOUNT_ROOT, CLOUD),
        (ACCOUNT_ROOT, PROWLER),
    ]


def test_targets_are_read_back_from_their_spellings() -> None:
    assert targets_of(("127.0.0.1", "sarif:Semgrep", "example.com")) == (
        Target(TargetKind.NETWORK, "127.0.0.1"),
        Target(TargetKind.DOMAIN, "example.com"),
    )


def test_phases_are_told_in_their_order_with_what_comes_next() -> None:
    chunks = [Chunk(0, NAMES, ("a.example",), ()), Chunk(1, SWEEP, ("10.1.0.0/26",), ()), Chunk(2, SWEEP, ("a", "b"))]
    assert phases_of(targets("a.example", "10.1.0.0/24"), chunks) == (
        Phase(NAMES, 1, 1), Phase(SWEEP, 1, 2, ("a", "b")), Phase(SERVICES, 0, 0),
    )  # fmt: skip
    many = Chunk(0, MISSING, ("a", "b", "c", "d"))
    assert [phase.name for phase in phases_of(targets("10.1.0.7"), [], is_pentest=True)] == [SWEEP, SERVICES, WAPITI]
    assert phases_of((), [many]) == (Phase(MISSING, 0, 1, ("a", "b", "c")),)
    assert [phase.name for phase in phases_of(targets(ACCOUNT_ROOT), [])] == [ACCOUNT, LISTING, CLOUD, PROWLER]


def test_an_account_is_cut_into_kinds_and_regions_and_resources_into_sixteens() -> None:
    asked = targets(ACCOUNT_ROOT, "arn:aws:s3:::b16", "10.1.0.7")
    assert [part.subjects for part in account_parts(asked)] == [(ACCOUNT_ROOT,)]
    areas = [CloudArea(ACCOUNT_ROOT, "sqs queue", "eu-west-1"), CloudArea(ACCOUNT_ROOT, "s3 bucket", "")]
    assert [(part.phase, part.subjects, part.areas) for part in area_parts(areas)] == [
        (LISTING, (f"{ACCOUNT_ROOT}: sqs queue in eu-west-1",), (areas[0],)),
        (LISTING, (f"{ACCOUNT_ROOT}: s3 bucket",), (areas[1],)),
    ]
    listed = [CloudResource(ACCOUNT_ROOT, f"arn:aws:s3:::b{number}") for number in range(17)]
    parts = resource_parts(asked, listed)
    assert [(part.phase, len(part.subjects), len(part.resources)) for part in parts] == [(CLOUD, 16, 16), (CLOUD, 1, 1)]
    # What was named is looked at for its own grant, and once.
    assert parts[1].resources == (CloudResource("arn:aws:s3:::b16", "arn:aws:s3:::b16"),)


def test_of_an_account_prowler_is_asked_service_by_service() -> None:
    parts = prowler_parts(targets("10.1.0.7", "arn:aws:s3:::bucket", ACCOUNT_ROOT))
    assert parts[0] == Part(PROWLER, ("arn:aws:s3:::bucket",), resources=(CloudResource(*["arn:aws:s3:::bucket"] * 2),))
    assert parts[1] == Part(PROWLER, (f"{ACCOUNT_ROOT}: s3",), areas=(CloudArea(ACCOUNT_ROOT, "s3", ""),))
    assert len(parts) == 1 + len(SERVICES_OF_AWS)

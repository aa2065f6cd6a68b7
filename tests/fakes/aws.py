"""AWS on loopback: moto's server, which has accounts of its own, and a server that answers what it is told to."""

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cybervault.domain.clock import Clock, SystemClock
from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.egress.signing import AwsKey
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.cloud.client import Account, Aws
from cybervault.scans.cloud.kind import Kind
from cybervault.scans.engines.cloud import look_at_resource
from cybervault.scans.seen import Coverage, CoverageState, Report
from cybervault.scans.targets import parse_target
from tests.fakes.loopback import HOST

ACCOUNT: Final = "123456789012"
ROOT: Final = f"arn:aws:iam::{ACCOUNT}:root"
REGION: Final = "eu-west-1"
EVERYBODY: Final = (
    '{"Statement": [{"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "%s", "Resource": "*"}]}'
)
EMPTY: Final[Mapping[str, tuple[int, str]]] = {}
KEY: Final = AwsKey("testing", Secret("testing"))


@dataclass(slots=True)
class Looked:
    """What came of a look: the evidence of each rule that held, and which aspects were asked about."""

    rules: dict[str, str]
    covered: set[str]
    lines: list[Coverage]


@dataclass(slots=True)
class Cloud:
    """Where AWS is, and what its own client makes there."""

    url: str
    made: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """The client of a service."""
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - only tests of clouds should wait for it

        if (service, region) not in self.made:
            self.made[service, region] = boto3.client(
                service, region_name=region, endpoint_url=self.url, aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )  # fmt: skip
        return self.made[service, region]

    def elsewhere(self, number: str, service: str) -> Any:  # noqa: ANN401 - same
        """The client of a service in another account, by a role of it that anybody may take on."""
        import boto3  # noqa: PLC0415 - same

        role = f"arn:aws:iam::{number}:role/reader"
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"],
        )  # fmt: skip

    def account(self, **named: Any) -> Account:  # noqa: ANN401 - fields of an account
        """The account as an operator connects it."""
        return replace(Account(ACCOUNT, KEY, endpoint=self.url, regions=(REGION,)), **named)

    def egress(self) -> Egress:
        """The way there."""
        return Egress(Guard([origin_of(self.url)]))

    async def aws(self, egress: Egress, *, clock: Clock | None = None, **named: Any) -> Aws:  # noqa: ANN401 - same
        """The account, which can be asked."""
        aws = Aws(egress, self.account(**named), clock or SystemClock(), pause_seconds=0)
        await aws.enter()
        return aws

    async def report(
        self, arn: str, *, has_compliance_rules: bool = True, clock: Clock | None = None, **named: Any  # noqa: ANN401 - same
    ) -> Report:  # fmt: skip
        """What is seen of a resource."""
        async with self.egress() as egress:
            known = {ACCOUNT: self.account(**named)}
            accounts = Accounts(egress, known, clock or SystemClock(), pause_seconds=0)
            return await look_at_resource(parse_target(arn), accounts, has_compliance_rules=has_compliance_rules)

    async def listed(self, kind: Kind) -> list[str]:
        """The last part of the ARN of each of a kind."""
        async with self.egress() as egress:
            return [one async for one in kind.all(await self.aws(egress), "" if kind.is_global else REGION)]

    async def look(self, arn: str, *, clock: Clock | None = None) -> Looked:
        """The same, briefly."""
        report = await self.report(arn, clock=clock)
        assert {one.asset for one in report.seen} | {one.asset for one in report.coverage} == {arn}
        covered = {place for one in report.coverage if one.state is CoverageState.COVERED for place in one.places}
        assert {one.place for one in report.seen} <= covered
        return Looked({one.rule: one.evidence for one in report.seen}, covered, report.coverage)


@contextmanager
def moto() -> Iterator[Cloud]:
    """A server of moto."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - same

    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    try:
        yield Cloud("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()


@dataclass(slots=True)
class Lying:
    """A server that answers each action (or path) with a status and a body of its own, and what it was asked."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: str) -> tuple[int, str]:
        """The first that fits; else as who knows nothing."""
        for name, answer in self.answers.items():
            if name in path or name in body:
                return answer
        return 400, "<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>"


@contextmanager
def lying(answers: Mapping[str, tuple[int, str]] = EMPTY) -> Iterator[tuple[Cloud, Lying]]:
    """Such a server, for which the key leads to the account."""
    inner = f"<GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
    caller = f"<GetCallerIdentityResponse>{inner}</GetCallerIdentityResponse>"
    lies = Lying({"GetCallerIdentity": (200, caller), **answers})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            lies.asked.append((self.path, body, dict(self.headers)))
            status, text = lies.answer(self.path, f"{body} {self.headers.get('X-Amz-Target', '')}")
            self.send_response(status)
            for name, value in lies.headers.items():
                self.send_header(name, value)
            raw = b"" if self.command == "HEAD" else text.encode()
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_HEAD = _respond  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield Cloud(f"http://{HOST}:{server.server_address[1]}"), lies
        finally:
            server.shutdown()


@asynccontextmanager
async def lied_to(
    answers: Mapping[str, tuple[int, str]] = EMPTY, **named: Any  # noqa: ANN401 - fields of an account
) -> AsyncIterator[tuple[Aws, Lying]]:  # fmt: skip
    """The account at such a server, as it is asked."""
    with lying(answers) as (cloud, lies):
        async with cloud.egress() as egress:
            yield await cloud.aws(egress, **named), lies

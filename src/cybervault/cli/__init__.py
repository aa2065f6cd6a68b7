"""The command line: `cybervault analyze | detect | serve | doctor | admin | tenants | users | keys | audit | ...`."""

import sys
from typing import Final

import typer

from cybervault import __version__
from cybervault.cli.admin import admin
from cybervault.cli.analyze import analyze
from cybervault.cli.audit import audit
from cybervault.cli.console import console
from cybervault.cli.detect import detect
from cybervault.cli.doctor import doctor
from cybervault.cli.findings import findings
from cybervault.cli.intel import intel
from cybervault.cli.key_report import report as _  # noqa: F401 - a command of `keys` in a file of its own
from cybervault.cli.key_scan import scan as _scan  # noqa: F401 - same
from cybervault.cli.keys import keys
from cybervault.cli.pepper import pepper as _pepper  # noqa: F401 - same
from cybervault.cli.rule_explain import explain_rule as _explain  # noqa: F401 - a command of `rules`
from cybervault.cli.rule_lint import lint as _lint  # noqa: F401 - same
from cybervault.cli.rule_update import update_rules as _update  # noqa: F401 - same
from cybervault.cli.rules import rules
from cybervault.cli.scans import scans
from cybervault.cli.serve import serve
from cybervault.cli.service_accounts import service_accounts
from cybervault.cli.tenants import tenants
from cybervault.cli.users import users
from cybervault.domain.problems import Problem

EXIT_FAILED: Final = 1

cli: Final = typer.Typer(
    name="cybervault",
    help="Threat intelligence for one observable or a thousand: what it is, why we think so, what to do.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.command()(analyze)
cli.command()(detect)
cli.command()(serve)
cli.command()(doctor)
cli.add_typer(admin)
cli.add_typer(tenants)
cli.add_typer(users)
cli.add_typer(keys)
cli.add_typer(service_accounts)
cli.add_typer(audit)
cli.add_typer(findings)
cli.add_typer(intel)
cli.add_typer(rules)
cli.add_typer(scans)
cli.add_typer(console)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; an expected failure is one line on standard error and exit status 1."""
    try:
        cli()
    except Problem as problem:
        typer.echo(f"cybervault: {problem.message}", err=True)
        sys.exit(EXIT_FAILED)

"""The command line: `cybervault analyze | detect | serve | doctor | admin | tenants | users | keys | audit | ...`.

Each command is imported when it is used: to detect takes no server, and to read the help takes neither.
"""

import errno
import os
import sys
from typing import Final

import typer

from cybervault import __version__
from cybervault.cli.later import Later, group_of
from cybervault.domain.problems import Problem

EXIT_FAILED: Final = 1
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_IN: Final = "cybervault.cli"

rule_commands: Final = typer.Typer(
    name="rules",
    help="Detection rules: list, test, explain, update.",
    no_args_is_help=True,
    cls=group_of(
        Later(
            "list",
            f"{_IN}.rules:show_all",
            "List the rules in force; how many there are in all, and what cannot be used, stands on standard error.",
            epilog="Example: cybervault rules list --technique T1059 --level high",
        ),
        Later(
            "disable",
            f"{_IN}.rule_switch:disable",
            "Switch a rule off for the whole installation, or for one tenant; a running server follows within seconds.",
        ),
        Later(
            "enable",
            f"{_IN}.rule_switch:enable",
            "Switch a rule on again, for the whole installation or for one tenant.",
        ),
        Later(
            "explain",
            f"{_IN}.rule_explain:explain_rule",
            "Show each part of a rule's condition with what an event says of it: ✓ holds, ✗ does not, ? is not known.",
            epilog='Example: cybervault rules explain "Certutil download" events.ndjson --line 12',
        ),
        Later(
            "test",
            f"{_IN}.rule_lint:lint",
            "Look at Sigma rules, and say file and line of what cannot be used.",
            epilog="Example: cybervault rules test my-rules/ --events incident.ndjson.gz",
        ),
        Later(
            "update",
            f"{_IN}.rule_update:update_rules",
            "Put the newest release of SigmaHQ's rules in force; a running server follows within seconds.",
            epilog="Example: cybervault rules update --from sigma_all_rules.zip",
        ),
        Later("filters", f"{_IN}.rule_filters:filters", "List the filters of a tenant, oldest first."),
        Later(
            "add-filter",
            f"{_IN}.rule_filters:add_filter",
            "Keep a filter for a tenant, instead of the one of its id; it holds from the next event on at every node.",
            epilog="Example: cybervault rules add-filter our-deployment.yml --tenant acme",
        ),
        Later("remove-filter", f"{_IN}.rule_filters:remove_filter", "Forget a filter of a tenant."),
    ),
)
cli: Final = typer.Typer(
    name="cybervault",
    help="Threat intelligence for one observable or a thousand: what it is, why we think so, what to do.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    cls=group_of(
        Later("analyze", f"{_IN}.analyze:analyze", "Say what each indicator is, why we think so, and how sure we are."),
        Later("detect", f"{_IN}.detect:detect", "Say which detection rules fire on the events of files."),
        Later("batches", f"{_IN}.batches:batches", "Batches of telemetry that tenants handed in."),
        Later("serve", f"{_IN}.serve:serve", "Start the server: console, API and all, in one folder of state."),
        Later(
            "doctor",
            f"{_IN}.doctor:doctor",
            "Look at the installation. Exit status 1 when something that must work is broken.",
        ),
        Later("admin", f"{_IN}.admin:admin", "Administrators, whom no page lets in first."),
        Later(
            "tenants",
            f"{_IN}.tenants:tenants",
            "The tenants of this installation. A change holds at once, in a running server too.",
        ),
        Later("users", f"{_IN}.users:users", "Members. A change holds at once, in running servers too."),
        Later(
            "keys",
            f"{_IN}.keys:keys",
            "API keys. A change holds at once, in a running server too.",
            also=(f"{_IN}.key_report", f"{_IN}.key_scan", f"{_IN}.pepper"),
        ),
        Later(
            "service-accounts",
            f"{_IN}.service_accounts:service_accounts",
            "What programs call with: the owners of service keys.",
        ),
        Later("audit", f"{_IN}.audit:audit", "The record of who changed what."),
        Later("findings", f"{_IN}.findings:findings", "What was assessed as bad, and how it is handled."),
        Later(
            "assessments",
            f"{_IN}.assessments:assessments",
            "What was assessed and kept, and what changed between two.",
        ),
        Later("intel", f"{_IN}.intel:intel", "What CyberVault knows without asking anybody."),
        Later("rules", f"{_IN}:rule_commands", "Detection rules: list, test, explain, update."),
        Later(
            "scan",
            f"{_IN}.scan:scan",
            "Scan what a tenant was granted. Without --watch a running server does it, and the id is printed.",
            epilog="Example: cybervault scan 10.1.0.0/24 example.com --tenant acme --watch",
        ),
        Later("webhooks", f"{_IN}.webhooks:webhooks", "Where tenants have events sent to, and how that goes."),
        Later(
            "scans",
            f"{_IN}.scans:scans",
            "What tenants may scan (nothing, until it is granted), what was seen, and what is known of packages.",
        ),
        Later("console", f"{_IN}.console:console", "The web console that ships with the server."),
    ),
)


@cli.callback()
def _about() -> None:
    """With it the library takes one command that is at hand for a group's, and not for all there is."""


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; an expected failure is one line on standard error and exit status 1."""
    try:
        try:
            cli()
        finally:
            sys.stdout.flush()
    except Problem as problem:
        typer.echo(f"cybervault: {problem.message}", err=True)
        sys.exit(EXIT_FAILED)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the end of the process writes the rest again
        typer.echo(f"cybervault: the output cannot be written: {os.strerror(error.errno)}.", err=True)
        sys.exit(EXIT_FAILED)

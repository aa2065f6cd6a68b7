"""All paths of management, for the application."""

from starlette.routing import BaseRoute

from cybervault.faces.v3.management.actors import ActorPaths
from cybervault.faces.v3.management.audit_log import AuditLogPaths
from cybervault.faces.v3.management.keys import KeyPaths
from cybervault.faces.v3.management.office import Office
from cybervault.faces.v3.management.service_accounts import ServiceAccountPaths
from cybervault.faces.v3.management.tenant import TenantPaths
from cybervault.faces.v3.management.users import UserPaths


def management_routes(office: Office) -> list[BaseRoute]:
    """Their routes."""
    paths = (TenantPaths, ActorPaths, KeyPaths, ServiceAccountPaths, UserPaths, AuditLogPaths)
    return [route for each in paths for route in each(office).router().routes]

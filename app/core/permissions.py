"""What may be done, as `area:thing:action`, and which role includes it: the one table of both."""

from enum import StrEnum


class Permission(StrEnum):
    """Everything a person can be allowed to do; alphabetical."""

    ADMIN_CONNECTIONS_MANAGE = "admin:connections:manage"
    ADMIN_CONNECTIONS_READ = "admin:connections:read"
    ADMIN_GROUPS_MANAGE = "admin:groups:manage"
    ADMIN_GROUPS_READ = "admin:groups:read"
    ADMIN_JOBS_MANAGE = "admin:jobs:manage"
    ADMIN_JOBS_READ = "admin:jobs:read"
    ADMIN_PEOPLE_MANAGE = "admin:people:manage"
    ADMIN_PEOPLE_READ = "admin:people:read"
    ADMIN_SETTINGS_MANAGE = "admin:settings:manage"
    ADMIN_SETTINGS_READ = "admin:settings:read"
    ADMIN_SSO_MANAGE = "admin:sso:manage"
    ADMIN_SSO_READ = "admin:sso:read"
    AUDIT_ENTRIES_READ = "audit:entries:read"
    LINKS_ALL_MANAGE = "links:all:manage"
    LINKS_ALL_READ = "links:all:read"
    LINKS_OWN_MANAGE = "links:own:manage"


class Role(StrEnum):
    """The roles of staff; given to a person or to a group."""

    ADMINISTRATOR = "administrator"
    AUTHOR = "author"
    AUDITOR = "auditor"


_READING = frozenset(
    {
        Permission.ADMIN_CONNECTIONS_READ,
        Permission.ADMIN_GROUPS_READ,
        Permission.ADMIN_JOBS_READ,
        Permission.ADMIN_PEOPLE_READ,
        Permission.ADMIN_SETTINGS_READ,
        Permission.ADMIN_SSO_READ,
        Permission.AUDIT_ENTRIES_READ,
        Permission.LINKS_ALL_READ,
    }
)

#: The one table: which role includes which permissions.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.AUTHOR: frozenset({Permission.LINKS_OWN_MANAGE}),
    Role.AUDITOR: _READING,
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return what the roles include together."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles)) if roles else frozenset()

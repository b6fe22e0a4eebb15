"""People, groups, memberships, roles, sessions and API tokens; `service` is their only writer."""

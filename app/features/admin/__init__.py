"""The pages of administrators: people, groups, connections, settings and jobs. Auditors read them and change nothing.

Every page needs a `*_READ` permission and every change a `*_MANAGE` one; buttons of what somebody may not do are left out,
and the endpoint refuses besides. What ends somebody's access says first what it ends, and for how many. Secrets are shown once
(one-time links) or never (credentials). Start reading at `views.people`.
"""

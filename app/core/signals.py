"""What features tell one another. Each receiver runs inside the sender's transaction, and may only write to `db`.

A receiver that raises rolls the whole change back: ending access is never half done.
"""

from blinker import Namespace

_signals = Namespace()

#: A person was deactivated. Sender: the person's id (int). Arguments: `db` (Session), `person`
#: (Person row), `actor`.
#: Sessions and API tokens are ended by `accounts.service` itself; features end what they keep.
person_deactivated = _signals.signal("person-deactivated")

#: A connection to an Atlassian site was removed or switched off. Sender: the connection's id. Arguments: `db`.
connection_disabled = _signals.signal("connection-disabled")

#: A local group is about to be deleted. Sender: the group's id. Arguments: `db`, `group`. A receiver that needs the
#: group answers with a Text that says why it has to stay.
group_deleting = _signals.signal("group-deleting")

#: Somebody signed out. Sender: the person's id. Arguments: `db`, `browser_digest` (str | None: the browser it was in).
signed_out = _signals.signal("signed-out")

#: Asked before a person is deactivated, to tell the administrator. Sender: the person's id. Arguments: `db` (reading).
#: A receiver answers with a Text such as "4 links are paused.", or None where nothing of its own would end.
deactivation_effects = _signals.signal("deactivation-effects")

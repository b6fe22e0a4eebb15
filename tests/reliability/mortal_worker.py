"""An impatient worker that is killed in the middle of its work on many links: at the COMMIT of the link that MORTAL_AT counts to.

Somebody who watched it from outside might be too late: on a busy machine it may have done everything by then.
"""

import os
import signal
from itertools import count

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.features.share_links.life_models import BulkItem
from tests.reliability import impatient_worker

_AT = int(os.environ["MORTAL_AT"])
_links = count(1)


@event.listens_for(Session, "before_commit")
def _end_without_a_word(session: Session) -> None:
    if any(isinstance(row, BulkItem) for row in session.identity_map.values()) and next(_links) == _AT:
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    impatient_worker.run()

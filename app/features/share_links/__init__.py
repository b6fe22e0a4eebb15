"""Secure share: a link to one Confluence page or Jira issue, its conditions, and the record of who opened it.

Life: created → active ⇄ paused → expired, used up, closed or revoked (for good). Whoever opens a link passes gates in
one order; the last step is an *opening*: in one transaction it writes the audit row, spends one view and creates a
*grant*, with which the same browser reads on without spending further views. Each request evaluates every condition
again with the facts of that instant.

It must withstand: guessing of tokens and passwords, link scanners, races for the last view, content of other pages
reaching the reader, links that outlive their creator's right, and an Atlassian site that is down.

Start reading at `policy.next_step`, then `public_views`, then `service`. Around them: `gates` (what a visitor passes),
`reading` and `paper` (what is shown), `rules`, `life`, `lists` and `guests`.
"""

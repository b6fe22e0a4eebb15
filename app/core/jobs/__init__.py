"""Work that happens later and is never lost: the row in `jobs` is the job, Huey only carries its id as a wake-up.

Delivery is at least once; each job names what makes its effect happen once. Read `outbox` first, then `worker`.
"""

"""The audit trail: rows that cannot be changed, sealed into a chain that cannot be forged.

Services record in the transaction of what they do (`trail.record`); one sealer links the rows a moment later
(`sealer`); `verify` proves order and completeness. Views never record.
"""

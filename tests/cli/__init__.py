"""The portico command, as an operator types it."""

"""Facts and rules that every feature shares; nothing here knows HTTP."""

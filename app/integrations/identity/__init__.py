"""Speaks to identity providers: fetches what they publish and exchanges codes, within bounds. What an answer means is read elsewhere."""

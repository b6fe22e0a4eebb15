"""Portico: who from outside may see what, and how they must prove who they are."""

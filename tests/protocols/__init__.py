"""Tests of app/protocols: tables of messages, attacks, and properties over changed ones."""

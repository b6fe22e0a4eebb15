"""Payloads that nobody here wrote, from a folder named by SAMPLES_DIR: `make samples`. None of them is kept here."""

"""Adapters for the products as Atlassian hosts them; `interfaces` says what another edition must offer instead."""

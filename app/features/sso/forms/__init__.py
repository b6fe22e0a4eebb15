"""Forms of the pages about identity providers, one module per subject."""

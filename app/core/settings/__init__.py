"""What administrators change while Portico runs: a frozen dataclass per feature, bounded, audited."""

"""What happens to links that exist: halts, sweeps, endings, transfers, bulk work, and what their owners are told."""

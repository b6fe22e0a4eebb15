"""Wire formats, one folder each: bytes in, frozen dataclass out. No database, network, clock or Flask."""

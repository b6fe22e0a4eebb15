"""Keys, encryption and tokens; start reading at `keyring`."""

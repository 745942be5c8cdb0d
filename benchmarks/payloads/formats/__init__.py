"""One file a format of kind file, named as its reader in collector/formats; each offers what payloads/ says."""

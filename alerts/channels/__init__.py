"""Where messages go: one file a kind (`alerts.channel` says what such a file must have)."""

"""One file a format, found by its name: docs/adding-a-format.md says what it promises."""

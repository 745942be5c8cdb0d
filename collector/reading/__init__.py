"""Pure readers that several kinds share: bytes to text, markup to lines, dates, languages, addresses."""

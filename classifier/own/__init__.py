"""Topics of one's own: [[topic]] in kle.toml, a head for each, no training code."""

"""What each kind of channel promises."""

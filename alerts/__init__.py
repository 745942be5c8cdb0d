"""Alerts: which posts a saved query tells of, to whom, when and why."""

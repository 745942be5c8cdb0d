"""Alerts, measured: what comes in against thousands of them, and how long a message takes."""

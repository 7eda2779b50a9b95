"""Widgets: what draws a viewmodel."""

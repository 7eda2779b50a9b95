"""Diagnosis: why a gradient is wrong."""

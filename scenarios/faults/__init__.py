"""Faults: small layers that are wrong in one known way each."""

"""Strangers: models that are not mtorch's. Their layers, parameters and iterations are found; nothing is changed."""

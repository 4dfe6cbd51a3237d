"""Measure calcinosis cutis in photos, radiographs and CT, and judge its change objectively."""

__version__ = "0.1.0"

"""Outline calcium deposits on CT without a reader: conservative, bone and contrast stay out."""

from cctrack.segment.ct.outline import outline_ct

__all__ = ["outline_ct"]

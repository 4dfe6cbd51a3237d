"""Fetch images from a DICOMweb server, and take images that a PACS or a scanner sends."""

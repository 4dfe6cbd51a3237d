"""Exchange with radiology: segmentations, structured reports and photos as DICOM, out and in.

Out: `sources` says what is known of an image's instances, `derived` makes an instance of a picture
that has none, `seg` writes outlines and `sr` writes numbers. In: `outlines` reads SEG and RTSTRUCT.
Everything that is written is built from a whitelist (`person`, `sources`), never stripped.
"""

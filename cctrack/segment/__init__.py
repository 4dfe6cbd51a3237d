"""Find deposits on photos, radiographs and CT, and outline them, alone or with a reader."""

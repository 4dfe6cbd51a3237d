"""Property tests draw the same examples at every run, and a slow machine fails none of them.

``HYPOTHESIS_PROFILE=search`` looks for new counter-examples instead.
"""

import os

from hypothesis import settings

settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))

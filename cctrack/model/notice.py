"""What stands on everything that leaves the program."""

RESEARCH_ONLY = "Research use only, not for diagnosis"

"""Sessions in which a reader sees images without knowing whose, when, or what others said.

`plan_reading` shuffles what is to be read, `start_reading` writes the plan into the study's record,
`read_item` gives the images of one item, `record_reading` takes what the reader says. `readings_of`
says afterwards what was read of what, `disagreements` where two readers differ, which
`things_to_settle` gives to a third one, and `reading_agreement` how far they agree. Nothing here
needs a window.
"""

from cctrack.study.reading_session.agreement import reading_agreement
from cctrack.study.reading_session.disagreement import (
    Disagreement,
    disagreements,
    things_to_settle,
)
from cctrack.study.reading_session.plan import (
    ReadingItem,
    ReadingOptions,
    ReadingPlan,
    Task,
    plan_reading,
    read_item,
)
from cctrack.study.reading_session.readings import (
    ReadingRow,
    Said,
    items_read,
    readings_of,
    readings_sheet,
    record_reading,
)
from cctrack.study.reading_session.session import open_reading, sessions_of, start_reading

__all__ = [
    "Disagreement",
    "ReadingItem",
    "ReadingOptions",
    "ReadingPlan",
    "ReadingRow",
    "Said",
    "Task",
    "disagreements",
    "items_read",
    "open_reading",
    "plan_reading",
    "read_item",
    "reading_agreement",
    "readings_of",
    "readings_sheet",
    "record_reading",
    "sessions_of",
    "start_reading",
    "things_to_settle",
]

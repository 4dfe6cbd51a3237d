"""What results rest on: program, libraries, rule, and the bytes and parameters of every image.

It holds no times, so that the same study gives the same bytes; when runs were made stands in the
record.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cctrack import __version__
from cctrack.study.coded import encode
from cctrack.study.compare_step import SiteState
from cctrack.study.judge import Decisions, JudgedPatient
from cctrack.study.measure_step import VisitState
from cctrack.study.program import library_versions, program_id
from cctrack.study.record.statement import as_json
from cctrack.study.running import Running

RUN_DIGITS = 12
"""Hex digits of a run's id, as of an image's."""


def result_digest(
    running: Running,
    sites: Sequence[SiteState],
    patients: Sequence[JudgedPatient],
    decisions: Decisions,
) -> str:
    """Hash everything that the tables and the report of a study depend on."""
    study = running.study
    digest = hashlib.sha256()
    settings = asdict(study.settings) | {"record": ""}
    known = [study.participants, study.treatments, study.questionnaires, study.incomplete]
    for part in (
        [program_id(), library_versions(), encode(running.criteria), settings],
        *known,
        *([state.site, state.blobs, _states(state)] for state in sites),
        [patient.row for patient in patients],
        decisions,
    ):
        digest.update(json.dumps(part, default=str, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def provenance(running: Running, sites: Sequence[SiteState], digest: str) -> Iterator[str]:
    """Write provenance.json piece by piece."""
    head: dict[str, Any] = {
        "run": digest[:RUN_DIGITS],
        "cctrack": __version__,
        "program": program_id(),
        "libraries": library_versions(),
        "criteria": encode(running.criteria),
        "sizes": encode(running.study.settings.sizes),
    }
    text = json.dumps(head, indent=2, ensure_ascii=False)
    between = text.removesuffix("\n}") + ',\n  "images": [\n'
    states = (visit for state in sites for visit in state.visits if visit.image_id)
    for visit in states:
        yield between + "    " + json.dumps(_image(visit), ensure_ascii=False)
        between = ",\n"
    yield between + "\n  ]\n}\n"


def _image(state: VisitState) -> dict[str, Any]:
    after = state.after or {}
    return {
        "image_id": state.image_id,
        "image_sha256": after["image"],
        "input_sha256": after["content"],
        "parameters": json.loads(after["parameters"]),
        "scale_source": after["scale_source"],
        "measured_by": after["program"],
    }


def _states(state: SiteState) -> list[Any]:
    return [[item.visit.path, as_json(item.after), str(item.refused)] for item in state.visits]

"""A lineage as it is written to lineage.json: what a reader needs to say something about it."""

from collections.abc import Mapping, Sequence

from cctrack.model import Lineage, Node, lesion_name


def lineage_record(lineage: Lineage, visits: Sequence[str]) -> Mapping[str, object]:
    """Return the contents of lineage.json for one site.

    Parameters
    ----------
    lineage : Lineage
    visits : sequence of str
        What each visit is called: its date, or its image's id.
    """
    seen = sorted(lineage.ids.items())
    return {
        "visits": list(visits),
        "lesions": [
            {
                "lesion": lesion_name(lesion),
                "tracking_uid": uid,
                "seen_at": [visits[node.visit] for node, one in seen if one == lesion],
            }
            for lesion, uid in sorted(lineage.uids.items())
        ],
        "links": [
            {
                "earlier": _end(link.earlier, lineage, visits),
                "later": _end(link.later, lineage, visits),
                "origin": link.origin,
            }
            for link in sorted(lineage.links, key=lambda item: (item.later, item.earlier))
        ],
        "warnings": [warning.text for warning in lineage.warnings],
    }


def _end(node: Node, lineage: Lineage, visits: Sequence[str]) -> Mapping[str, object]:
    return {"visit": visits[node.visit], "lesion": lesion_name(lineage.ids[node])}

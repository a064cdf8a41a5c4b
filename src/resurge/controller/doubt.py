"""While damage is not mended, no backup of the component can be good, however whole it looks."""

from resurge.controller.moves import ACTIVE
from resurge.diagnosis.name import DATA_FAULTS
from resurge.incidents.book import IncidentBook


def doubt_about(book: IncidentBook, component: str) -> str:
    """Empty where there is no such incident."""
    for incident in book.list(states=ACTIVE, component=component):
        if incident.diagnosis is not None and incident.diagnosis.fault in DATA_FAULTS:
            return f"taken while {incident.id} is open"
    return ""

"""Small facts that commands and the controller share: pause, approvals, heartbeat, the ledger's end."""

from dataclasses import dataclass

from resurge.ledger import Head
from resurge.state.notes import Notes

HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pause:
    since: float
    until: float | None  # None: until somebody ends it
    why: str


class Switches:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def pause(self, now: float, seconds: float | None, why: str) -> Pause:
        pause = Pause(now, None if seconds is None else now + seconds, why)
        self._notes.put("pause", {"since": pause.since, "until": pause.until, "why": pause.why})
        return pause

    def resume(self) -> None:
        self._notes.delete("pause")

    def paused(self, now: float) -> Pause | None:
        """The pause in force, if any. A pause that has run out is none."""
        note = self._notes.get("pause")
        if not isinstance(note, dict):
            return None
        until = note["until"]
        if until is not None and float(until) <= now:
            return None
        return Pause(float(note["since"]), None if until is None else float(until), str(note["why"]))

    def approve(self, incident_id: str, component: str) -> None:
        self._notes.put(f"approved:{incident_id}", component)

    def approved(self, incident_id: str, component: str) -> bool:
        """A person said yes to mending this component; the cause of the incident may meanwhile be found elsewhere."""
        return bool(self._notes.get(f"approved:{incident_id}") == component)

    def remember(self, head: Head) -> None:
        """The ledger's end, kept where cutting entries off the ledger does not reach."""
        known = self.remembered()
        if known is None or head.size > known.size:
            self._notes.put("ledger-head", {"size": head.size, "root": head.root})

    def remembered(self) -> Head | None:
        note = self._notes.get("ledger-head")
        return Head(int(note["size"]), str(note["root"])) if isinstance(note, dict) else None

    def beat(self, now: float, pid: int) -> None:
        self._notes.put("heartbeat", {"at": now, "pid": pid})

    def last_beat(self) -> float | None:
        note = self._notes.get("heartbeat")
        return float(note["at"]) if isinstance(note, dict) else None

    def alive(self, now: float) -> bool:
        """Has a controller beaten within the last few seconds?"""
        note = self._notes.get("heartbeat")
        return isinstance(note, dict) and now - float(note["at"]) < 5 * HEARTBEAT_SECONDS

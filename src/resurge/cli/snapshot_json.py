"""A snapshot as scripts read it. The names are those that users of restic know, where there is one."""

from typing import TYPE_CHECKING

from resurge.cli.printing import rfc3339

if TYPE_CHECKING:
    from resurge.vault import Snapshot


def snapshot_json(snapshot: "Snapshot") -> dict[str, object]:
    return {
        "id": snapshot.id,
        "short_id": snapshot.id[:8],
        "time": rfc3339(snapshot.taken_at),
        "finished": rfc3339(snapshot.finished_at),
        "parent": snapshot.parent or None,
        "hostname": snapshot.host,
        "username": snapshot.user,
        "paths": list(snapshot.paths),
        "tags": list(snapshot.tags),
        "component": snapshot.component or None,
        "files": snapshot.files,
        "folders": snapshot.folders,
        "total_bytes": snapshot.total_bytes,
        "new_files": snapshot.new_files,
        "changed_files": snapshot.changed_files,
        "read_bytes": snapshot.read_bytes,
        "added_bytes": snapshot.added_bytes,
        "stored_bytes": snapshot.stored_bytes,
        "unreadable": [
            {"path": name if name.startswith("/") else f"/{name}", "reason": why} for name, why in snapshot.unreadable
        ],
    }

"""Which object lies under which name."""

CONFIG = "config"
KEYS = "keys"
PACKS = "packs"
INDEX = "index"
SNAPSHOTS = "snapshots"


def pack_name(id_: str) -> str:
    return f"{PACKS}/{id_[:2]}/{id_}"


def identifier(name: str) -> str:
    """The last part of an object's name: the hash of its bytes, for all but `config`."""
    return name.rpartition("/")[2]

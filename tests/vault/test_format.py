"""The format page against the code, and the pure parts: keys, packs, chunks, records."""

import io
import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resurge.vault.format import chunks, config, framing, keys, pack, records
from resurge.vault.format.chunks import Chunker, Encoding, Kind, chunk_id, expand, shrink
from resurge.vault.format.framing import BadObject
from resurge.vault.format.keys import KdfParameters, MasterKey, unwrap_master_key, wrap_master_key
from resurge.vault.repository import trees, writing
from resurge.vault.verbs import backup
from tests.vault.kit import CHEAP

PAGE = Path(__file__).parents[2] / "docs" / "format.md"
MASTER = MasterKey(bytes(range(32)))
REPOSITORY = bytes(16)


def test_the_page_states_the_constants_of_the_code() -> None:
    page = PAGE.read_text()
    stated = dict(re.findall(r"^\| (?:Argon2id )?`([A-Za-z_.]+)` \| (\d+) \|$", page, re.MULTILINE))
    actual: dict[str, int] = {"ENTRY_BYTES": pack.ENTRY.size}
    for module in (framing, config, keys, chunks, records, trees, writing, backup):
        actual |= {name: value for name, value in vars(module).items() if isinstance(value, int)}
    kdf = KdfParameters()
    actual |= {"memory_kib": kdf.memory_kib, "passes": kdf.passes, "lanes": kdf.lanes}
    actual |= {f"{kind.__class__.__name__}.{kind.name}": kind.value for kind in (*Kind, *Encoding)}
    assert len(stated) >= 24
    assert {name: int(value) for name, value in stated.items()} == {name: actual[name] for name in stated}
    enumerated = {name for name in actual if name.startswith(("Kind.", "Encoding."))}
    assert enumerated <= stated.keys(), "a kind or an encoding is missing from the page"


def test_the_page_names_every_magic_and_every_version() -> None:
    page = PAGE.read_text()
    for name, magic in vars(framing).items():
        if name.endswith("_MAGIC"):
            assert f"`{magic[:-1].decode()}`" in page
            assert magic[-1] == framing.FORMAT_VERSION
    history = page.partition("## Version history")[2]
    assert re.findall(r"^\| (\d+) \|", history, re.MULTILINE) == [
        str(version) for version in range(1, framing.FORMAT_VERSION + 1)
    ]


def test_a_key_opens_with_its_password_only_and_in_its_repository_only() -> None:
    data = wrap_master_key(MASTER, "pass wörd", REPOSITORY, CHEAP, os.urandom(32), os.urandom(12))
    assert unwrap_master_key(data, "pass wörd", REPOSITORY) == MASTER
    assert unwrap_master_key(data, "pass word", REPOSITORY) is None
    assert unwrap_master_key(data, "pass wörd", bytes(15) + b"x") is None
    assert MASTER.secret not in data
    assert MASTER.secret.hex() not in repr(MASTER)


def test_absurd_key_derivation_costs_are_refused_before_they_are_paid() -> None:
    data = wrap_master_key(MASTER, "p", REPOSITORY, CHEAP, os.urandom(32), os.urandom(12))
    record = msgspec.msgpack.decode(data[8:])
    record["kdf"] = [2**40, 3, 4]
    with pytest.raises(BadObject, match="out of their limits"):
        unwrap_master_key(data[:8] + msgspec.msgpack.encode(record), "p", REPOSITORY)


def test_config_shows_damage_to_anybody_and_forgery_to_the_key() -> None:
    data = config.encode_config(config.Config(REPOSITORY), MASTER)
    assert config.decode_config(data).repository_id == REPOSITORY
    assert config.config_is_genuine(data, MASTER)
    assert not config.config_is_genuine(data, MasterKey(bytes(32)))
    for at in range(len(data)):
        with pytest.raises(BadObject):
            config.decode_config(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_an_unknown_version_is_refused_with_advice() -> None:
    with pytest.raises(BadObject, match="format version 2") as caught:
        framing.take_magic(b"RSGPACK\x02rest", framing.PACK_MAGIC, "a pack")
    assert caught.value.advice == "Update Resurge."


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=5000))
def test_what_shrinks_expands_to_itself(data: bytes) -> None:
    encoding, body = shrink(data)
    assert len(body) <= len(data)
    assert expand(body, encoding, len(data)) == data


def test_expanding_more_than_was_promised_is_refused() -> None:
    encoding, body = shrink(bytes(1_000_000))
    assert encoding is Encoding.ZSTD
    with pytest.raises(BadObject, match="another size"):
        expand(body, encoding, 10)
    with pytest.raises(BadObject, match="unknown encoding"):
        expand(b"", 77, 0)
    with pytest.raises(BadObject, match="more than any"):
        expand(body, encoding, 2**31)


def test_chunks_join_to_the_stream_and_move_with_its_content() -> None:
    data = os.urandom(12 * 1024 * 1024)
    chunker = Chunker(config.Config(REPOSITORY), MASTER)
    whole = list(chunker.cut(io.BytesIO(data)))
    assert b"".join(whole) == data
    assert all(len(each) <= config.CHUNK_MAX_BYTES for each in whole)
    moved = list(chunker.cut(io.BytesIO(b"a few bytes more" + data)))
    assert len(set(whole) & set(moved)) >= len(whole) - 3
    other = Chunker(config.Config(REPOSITORY), MasterKey(bytes(32)))
    assert [len(each) for each in other.cut(io.BytesIO(data))] != [len(each) for each in whole]


def test_every_master_key_makes_a_chunker() -> None:
    for number in range(64):
        Chunker(config.Config(REPOSITORY), MasterKey(bytes([number]) * 32))


def _pack_of(*plain: bytes) -> tuple[bytes, list[pack.Entry]]:
    builder = pack.PackBuilder(REPOSITORY, MASTER, bytes(32))
    for data in plain:
        builder.add(chunk_id(data, Kind.DATA, MASTER), Kind.DATA, Encoding.RAW, data, len(data))
    data_, entries = builder.finish()
    return bytes(data_), pack.read_entries(entries)


def test_a_pack_lists_and_opens_its_chunks() -> None:
    data, entries = _pack_of(b"one", b"", b"three")
    offset, length = pack.footer_span(data[-pack.TAIL.size :], len(data))
    footer = pack.open_footer(data[:40], data[offset : offset + length], REPOSITORY, MASTER)
    assert pack.read_entries(footer) == entries
    key = pack.pack_key(MASTER, data[8:40])
    opened = [pack.open_chunk(data[e.offset : e.offset + e.stored_bytes], e, key, REPOSITORY, MASTER) for e in entries]
    assert opened == [b"one", b"", b"three"]


def test_a_chunk_is_bound_to_its_place_kind_and_repository() -> None:
    data, (first, second) = _pack_of(b"one", b"two")
    key = pack.pack_key(MASTER, data[8:40])
    sealed = data[first.offset : first.offset + first.stored_bytes]
    assert pack.open_chunk(sealed, first, key, REPOSITORY, MASTER) == b"one"
    replacements = (
        {"position": 1},
        {"kind": int(Kind.TREE)},
        {"encoding": int(Encoding.ZSTD)},
        {"raw_bytes": 4},
        {"id": second.id},
    )
    fields = {name: getattr(first, name) for name in pack.Entry.__slots__}
    for change in replacements:
        with pytest.raises(BadObject, match="authentication"):
            pack.open_chunk(sealed, pack.Entry(**(fields | change)), key, REPOSITORY, MASTER)
    with pytest.raises(BadObject, match="authentication"):
        pack.open_chunk(sealed, first, key, b"another one here", MASTER)


def test_a_chunk_stored_under_a_false_id_is_refused() -> None:
    builder = pack.PackBuilder(REPOSITORY, MASTER, bytes(32))
    builder.add(chunk_id(b"good", Kind.DATA, MASTER), Kind.DATA, Encoding.RAW, b"evil", 4)
    data, entries = builder.finish()
    (entry,) = pack.read_entries(entries)
    sealed = bytes(data[entry.offset : entry.offset + entry.stored_bytes])
    with pytest.raises(BadObject, match="not what its name says"):
        pack.open_chunk(sealed, entry, pack.pack_key(MASTER, bytes(32)), REPOSITORY, MASTER)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    readers = (
        records.decode_index,
        records.decode_segment,
        records.decode_root,
        config.decode_config,
        pack.read_entries,
        lambda data: records.decode_snapshot(data, "0" * 64),
        lambda data: unwrap_master_key(framing.KEY_MAGIC + data, "p", REPOSITORY),
        lambda data: pack.footer_span(data[-pack.TAIL.size :], len(data)),
    )
    for read in readers:
        try:
            read(data)
        except BadObject:
            continue

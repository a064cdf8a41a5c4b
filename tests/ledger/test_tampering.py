"""Whatever is done to the file, verify names the first entry that is not what was signed."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from resurge.ledger import Head, Ledger
from resurge.ledger.entry import join, split
from resurge.ledger.keys import Signer, Verifier, load_signer, load_verifier
from resurge.ledger.merkle import CompactRange, leaf_hash
from resurge.ledger.verify import Verification, verify_lines

SIZE = 21
INDEX = st.integers(0, SIZE - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(folder)
    for number in range(SIZE):
        ledger.append("backup", f"component-{number % 3}", {"bytes": number * 10}, key=f"key-{number}")
    return folder


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[bytes]:
    return (folder / "entries.jsonl").read_bytes().splitlines()


@pytest.fixture(scope="module")
def verifier(folder: Path) -> Verifier:
    return load_verifier(folder)


def _chain(leaves: list[bytes], signer: Signer, keep: dict[int, str] | None = None) -> list[bytes]:
    """The lines that somebody writes who knows the format and signs with `signer`."""
    tree, previous, made = CompactRange(), "0" * 64, list[bytes]()
    for index, leaf in enumerate(leaves):
        fields = {**json.loads(leaf), "index": index, "previous": previous}
        written = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        tree.append(leaf_hash(written))
        root = tree.root().hex()
        signature = (keep or {}).get(index) or signer.sign(index + 1, root)
        line = join(written, root, signature).raw
        previous = sha256(line).hexdigest()
        made.append(line)
    return made


def test_the_untouched_ledger_is_good(folder: Path, lines: list[bytes]) -> None:
    verification = Ledger(folder).verify()
    assert verification == Verification(SIZE, split(lines[-1]).root, None, "")
    assert Ledger(folder).verify(Ledger(folder).head()).good


def test_what_we_rebuild_by_hand_is_what_the_ledger_wrote(folder: Path, lines: list[bytes]) -> None:
    assert _chain([split(raw).leaf for raw in lines], load_signer(folder, may_create=False)) == lines


@given(index=INDEX, data=st.data())
def test_any_changed_byte(lines: list[bytes], verifier: Verifier, index: int, data: st.DataObject) -> None:
    line = bytearray(lines[index])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] = data.draw(st.integers(0, 255).filter(lambda value: value not in (line[place], 10)))
    verification = verify_lines([*lines[:index], bytes(line), *lines[index + 1 :]], verifier)
    assert verification.first_bad == index
    assert (verification.size, str(index) in verification.problem) == (index, True)


@given(index=INDEX, length=st.integers(0, 400))
def test_a_shortened_line(lines: list[bytes], verifier: Verifier, index: int, length: int) -> None:
    changed = [*lines[:index], lines[index][:length], *lines[index + 1 :]]
    assert verify_lines(changed, verifier).first_bad == index


@given(index=st.integers(0, SIZE - 2), count=st.integers(1, 3))
def test_removed_lines(lines: list[bytes], verifier: Verifier, index: int, count: int) -> None:
    assume(index + count < SIZE)
    assert verify_lines(lines[:index] + lines[index + count :], verifier).first_bad == index


@given(one=INDEX, other=INDEX)
def test_swapped_lines(lines: list[bytes], verifier: Verifier, one: int, other: int) -> None:
    assume(one < other)
    swapped = lines.copy()
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert verify_lines(swapped, verifier).first_bad == one


@given(index=INDEX, to=st.integers(1, SIZE))
def test_a_line_said_twice(lines: list[bytes], verifier: Verifier, index: int, to: int) -> None:
    first_bad = to + 1 if to == index else to  # before itself, a line's twin stands where it should
    assert verify_lines([*lines[:to], lines[index], *lines[to:]], verifier).first_bad == first_bad


@given(index=INDEX)
def test_capital_digits_are_a_change(lines: list[bytes], verifier: Verifier, index: int) -> None:
    signature = split(lines[index]).signature
    capital = lines[index].replace(signature.encode(), signature.upper().encode())
    assert capital != lines[index]
    assert verify_lines([*lines[:index], capital, *lines[index + 1 :]], verifier).first_bad == index


@given(index=INDEX, keep_signatures=st.booleans())
def test_someone_who_knows_the_format_but_not_the_key(
    lines: list[bytes], verifier: Verifier, index: int, keep_signatures: bool
) -> None:
    """Everything after the change is recomputed; signatures are kept, or made with a key of their own."""
    leaves = [split(raw).leaf for raw in lines]
    leaves[index] = leaves[index].replace(b'"kind":"backup"', b'"kind":"beckup"')
    known = {number: split(raw).signature for number, raw in enumerate(lines)}
    keep = known if keep_signatures else {number: known[number] for number in range(index)}
    forged = _chain(leaves, Signer(Ed25519PrivateKey.generate()), keep)
    assert forged[:index] == lines[:index]
    verification = verify_lines(forged, verifier)
    assert verification.first_bad == index
    assert "not signed" in verification.problem


@given(size=st.integers(0, SIZE - 1), remembered=st.integers(1, SIZE))
def test_an_end_cut_off_shows_against_a_remembered_head(
    lines: list[bytes], verifier: Verifier, size: int, remembered: int
) -> None:
    head = Head(remembered, split(lines[remembered - 1]).root)
    verification = verify_lines(lines[:size], verifier, head)
    assert verify_lines(lines[:size], verifier).good
    if size >= remembered:
        assert verification.good
    else:
        assert (verification.first_bad, verification.size) == (size, size)
        assert "cut off" in verification.problem


def test_all_rewritten_by_the_key_holder_shows_against_a_remembered_head(
    folder: Path, lines: list[bytes], verifier: Verifier
) -> None:
    leaves = [split(raw).leaf for raw in lines]
    leaves[3] = leaves[3].replace(b'"kind":"backup"', b'"kind":"beckup"')
    forged = _chain(leaves, load_signer(folder, may_create=False))
    assert verify_lines(forged, verifier).good
    verification = verify_lines(forged, verifier, Head(SIZE, split(lines[-1]).root))
    assert verification.first_bad == 0
    assert "rewritten" in verification.problem


def test_another_public_key_in_its_place_vouches_for_nothing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    Ledger(tmp_path / "other").append("backup", "a", {})
    shutil.copy(tmp_path / "other" / "key.pub", tmp_path / "copy" / "key.pub")
    assert Ledger(tmp_path / "copy").verify().first_bad == 0


def test_a_good_ledger_is_followed_with_a_single_signature_checked(folder: Path) -> None:
    class Counting(Verifier):
        asked = 0

        def accepts(self, size: int, root: str, signature: str) -> bool:
            Counting.asked += 1
            return super().accepts(size, root, signature)

    signer = load_signer(folder, may_create=False)
    leaf = b'{"at":1.0,"body":{},"key":null,"kind":"backup","subject":"a"}'
    many = 1000
    keep = dict.fromkeys(range(many - 1), "0" * 128)
    lines = _chain([leaf] * many, signer, keep)
    counting = Counting(load_verifier(folder)._key)
    assert verify_lines(lines, counting).good
    assert Counting.asked == 1

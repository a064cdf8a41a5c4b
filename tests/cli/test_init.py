"""From nothing to a first snapshot of one's own."""

from resurge.estate.read import read_estate

from .command import PASSWORD, Resurge


def test_the_first_five_commands_of_a_newcomer(resurge: Resurge) -> None:
    own = Resurge(resurge.folder, {})
    (own.folder / "models").mkdir()
    (own.folder / "models" / "a.bin").write_bytes(b"weights")
    made = own("init", "models")
    assert (made.code, made.out.splitlines()[0]) == (0, "Wrote resurge.yaml.")
    assert sorted(p.name for p in own.folder.iterdir()) == ["models", "resurge.yaml"]
    created = own("repo", "init")
    assert created.code == 0
    password_file = own.folder / ".resurge" / "password"
    assert str(password_file) in created.out
    assert password_file.read_text().strip() not in created.out
    assert password_file.stat().st_mode & 0o777 == 0o600
    assert own("backup", "@models").code == 0
    (listed,) = own("snapshots", "--component", "models", "--json").json
    assert listed["component"] == "models"
    back = own("restore", "@models", "--target", "back", "--json")
    assert (back.code, back.json["written_files"]) == (0, 1)
    state = {each["name"]: each for each in own("status", "--json").json}["models"]
    assert (state["state"], state["last_good_at"] is not None) == ("unknown", True)
    assert own("check", "--read-data").code == 0


def test_it_never_overwrites(resurge: Resurge) -> None:
    (resurge.folder / "resurge.yaml").write_text("mine")
    done = resurge("init")
    assert (done.code, done.error_lines[0]) == (20, "resurge: resurge.yaml is already here")
    assert (resurge.folder / "resurge.yaml").read_text() == "mine"


def test_printing_touches_nothing(resurge: Resurge) -> None:
    done = resurge("init", "--stdout")
    assert done.code == 0
    assert list(resurge.folder.iterdir()) == []
    (resurge.folder / "resurge.yaml").write_text(done.out)
    assert list(read_estate(resurge.folder / "resurge.yaml").components) == ["data"]


def test_what_is_not_there_cannot_be_protected(resurge: Resurge) -> None:
    done = resurge("init", "nowhere")
    assert done.code == 23
    assert list(resurge.folder.iterdir()) == []


def test_a_new_password_never_takes_the_place_of_one_that_was_lost(resurge: Resurge) -> None:
    assert resurge("init").code == 0
    password_file = resurge.folder / ".resurge" / "password"
    assert resurge("repo", "init").code == 0
    assert password_file.read_text() == f"{PASSWORD}\n"
    password_file.unlink()
    assert resurge("repo", "init").code == 14
    assert not password_file.exists()


def test_the_schema_is_json(resurge: Resurge) -> None:
    done = resurge("schema")
    assert done.code == 0
    assert set(done.json["properties"]) >= {"version", "components", "repositories"}

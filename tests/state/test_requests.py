import subprocess
import sys
import time
from pathlib import Path

import pytest

from resurge.state import Answer, NotAnswered, Requests, StateDatabase

CONTROLLER = """
import sys, time
from pathlib import Path
from resurge.state import Requests, StateDatabase
requests, served, deadline = Requests(StateDatabase(Path(sys.argv[1]))), 0, time.monotonic() + 60
while served < int(sys.argv[2]) and time.monotonic() < deadline:
    for request in requests.take():
        served += 1
        requests.answer(request.id, {"twice": request.argument["number"] * 2})
    time.sleep(0.005)
"""
ASKER = """
import sys
from pathlib import Path
from resurge.state import Requests, StateDatabase
requests, first = Requests(StateDatabase(Path(sys.argv[1]))), int(sys.argv[2])
for number in range(first, first + 10):
    answer = requests.wait(requests.put("double", {"number": number}), 60)
    assert answer.result == {"twice": number * 2} and answer.error is None
"""


def test_several_processes_ask_and_each_gets_its_own_answer(database: StateDatabase) -> None:
    folder = str(database.folder)
    controller = subprocess.Popen([sys.executable, "-c", CONTROLLER, folder, "20"])
    askers = [subprocess.Popen([sys.executable, "-c", ASKER, folder, str(n)]) for n in (0, 100)]
    assert [asker.wait(60) for asker in askers] == [0, 0]
    assert controller.wait(60) == 0
    assert database.read("SELECT count(*) FROM requests WHERE answered_at IS NULL")[0][0] == 0


def test_each_request_is_taken_once_and_in_order(database: StateDatabase) -> None:
    requests = Requests(database)
    asked = [requests.put("recover", {"component": name}) for name in "abc"]
    assert [request.id for request in requests.take()] == asked
    assert requests.take() == []


def test_an_error_comes_back_and_the_first_answer_stands(database: StateDatabase) -> None:
    requests = Requests(database)
    asked = requests.put("recover", {})
    requests.take()
    requests.answer(asked, {}, "the estate forbids it")
    requests.answer(asked, {"late": True})
    assert requests.wait(asked, 0) == Answer({}, "the estate forbids it")


def test_what_nobody_took_is_withdrawn(database: StateDatabase) -> None:
    requests = Requests(database)
    asked = requests.put("recover", {})
    with pytest.raises(NotAnswered) as caught:
        requests.wait(asked, 0.05)
    assert caught.value.withdrawn
    assert "resurge up" in caught.value.advice
    assert requests.take() == []


def test_what_was_begun_is_not_withdrawn(database: StateDatabase) -> None:
    requests = Requests(database)
    asked = requests.put("recover", {})
    requests.take()
    with pytest.raises(NotAnswered) as caught:
        requests.wait(asked, 0.05)
    assert not caught.value.withdrawn
    requests.answer(asked, {"done": 1})
    assert requests.wait(asked, 0).result == {"done": 1}


def test_an_interrupted_asker_withdraws(database: StateDatabase) -> None:
    class Interrupted(Requests):
        def _look(self, id: str) -> Answer | None:
            raise KeyboardInterrupt

    requests = Interrupted(database)
    asked = requests.put("recover", {})
    with pytest.raises(KeyboardInterrupt):
        requests.wait(asked, 10)
    assert requests.take() == []


def test_what_a_dead_controller_took_is_offered_again(tmp_path: Path) -> None:
    with StateDatabase(tmp_path) as database:
        requests = Requests(database)
        done, lost = requests.put("a", {}), requests.put("b", {})
        requests.take()
        requests.answer(done, {})
    with StateDatabase(tmp_path) as database:
        requests = Requests(database)
        assert requests.give_back() == 1
        assert [request.id for request in requests.take()] == [lost]


def test_old_answers_are_forgotten_and_open_requests_are_not(database: StateDatabase) -> None:
    requests = Requests(database)
    done, waiting = requests.put("a", {}), requests.put("b", {})
    requests.answer(done, {})
    assert requests.expire(time.time() + 1) == 1
    assert [request.id for request in requests.take()] == [waiting]

import json
import os
import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from resurge.demo.service.layout import Layout

from .living import Living, ask, await_true, listening_socket, run


def test_the_canary_is_answered_alike_by_every_life_of_the_server(layout: Layout, living: Living) -> None:
    question, answers = layout.canary_request.read_bytes(), layout.canary_answers.read_bytes()
    assert len(json.loads(question)["images"]) == len(json.loads(answers)["answers"]) == 32
    process, port = living.inference(layout.folder)
    assert int(layout.pid_file("inference").read_text()) == process.pid
    assert [ask(port, "POST", "/predict", question) for _ in range(3)] == [(200, answers)] * 3
    process.kill()
    process.wait()
    again, port = living.inference(layout.folder)
    assert ask(port, "POST", "/predict", question) == (200, answers)
    again.send_signal(signal.SIGTERM)
    assert again.wait() == 0
    assert not layout.pid_file("inference").exists()


def test_an_answer_does_not_depend_on_its_neighbours(layout: Layout, living: Living) -> None:
    images = json.loads(layout.canary_request.read_text())["images"]
    expected = json.loads(layout.canary_answers.read_text())["answers"]
    _, port = living.inference("--model", layout.model)
    for image, answer in zip(images[:5], expected, strict=False):
        status, body = ask(port, "POST", "/predict", json.dumps({"images": [image]}).encode())
        assert (status, json.loads(body)["answers"]) == (200, [answer])
    assert not layout.pid_file("inference").exists()  # a drill's server leaves the real one's pid file alone


def test_a_flipped_bit_reaches_the_answers(layout: Layout, living: Living) -> None:
    _, port = living.inference(layout.folder)
    question, answers = layout.canary_request.read_bytes(), layout.canary_answers.read_bytes()
    assert ask(port, "POST", "/predict", question) == (200, answers)
    good = layout.model.read_bytes()
    with layout.model.open("r+b") as file:
        file.seek(len(good) - 20)
        file.write(bytes([good[-20] ^ 1]))
    status, body = ask(port, "POST", "/predict", question)
    assert (status, body == answers) == (200, False)
    assert json.loads(body)["model"] != json.loads(answers)["model"]
    layout.model.write_bytes(good)
    assert ask(port, "POST", "/predict", question) == (200, answers)


def test_a_broken_model_is_told_and_survived(layout: Layout, living: Living) -> None:
    process, port = living.inference(layout.folder)
    good = layout.model.read_bytes()
    for broken in (good[: len(good) // 2], b"", good[:100] + bytes(len(good) - 100)):
        layout.model.write_bytes(broken)
        for method, path in (("GET", "/healthz"), ("POST", "/predict")):
            status, body = ask(port, method, path, layout.canary_request.read_bytes())
            assert (status, json.loads(body)["status"]) == (503, "error")
        assert "digits_model_loaded 0.0" in ask(port, "GET", "/metrics")[1].decode()
    layout.model.unlink()
    assert ask(port, "GET", "/healthz")[0] == 503
    layout.model.write_bytes(good)
    assert ask(port, "GET", "/healthz") == (200, b'{"status": "ok"}\n')
    assert process.poll() is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"{", b'{"images": []}', b'{"images": [[1, 2]]}', b'{"images": 5}', b"\xff\xfe",
        b'{"images": [' + json.dumps(["1"] * 64).encode() + b"]}",
        b'{"images": [' + json.dumps([True] * 64).encode() + b"]}",
        b'{"images": [' + json.dumps([float("nan")] * 64).encode() + b"]}",
        b'{"images": [' + json.dumps([10**400] * 64).encode() + b"]}",
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_malformed_question_is_refused(served: int, body: bytes) -> None:
    status, answer = ask(served, "POST", "/predict", body)
    assert status == 400
    assert json.loads(answer)["error"]


@pytest.fixture(scope="module")
def served(prepared: Layout, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    living = Living(tmp_path_factory.mktemp("served"))
    yield living.inference("--model", prepared.model)[1]
    living.end()


def test_what_does_not_exist_is_not_found(served: int) -> None:
    for method, path in (("GET", "/"), ("GET", "/predict"), ("POST", "/healthz")):
        assert ask(served, method, path)[0] == 404


def test_the_figures_are_a_page_that_prometheus_reads(layout: Layout, living: Living) -> None:
    _, port = living.inference(layout.folder)
    ask(port, "POST", "/predict", layout.canary_request.read_bytes())
    ask(port, "POST", "/predict", b"{}")
    status, page = ask(port, "GET", "/metrics")
    families = text_string_to_metric_families(page.decode())
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples
    }
    assert status == 200
    assert samples["digits_requests_total", ("path", "/predict"), ("status", "200")] == 1
    assert samples["digits_requests_total", ("path", "/predict"), ("status", "400")] == 1
    assert samples[("digits_errors_total",)] == 1
    assert samples["digits_request_seconds_count", ("path", "/predict")] == 2
    model = json.loads(layout.canary_answers.read_text())["model"]
    assert samples["digits_model_info", ("sha256", model)] == 1


def test_a_port_that_is_taken_is_one_clear_line(layout: Layout) -> None:
    with listening_socket() as taken:
        port = str(taken.getsockname()[1])
        refused = run("-m", "resurge.demo.service.inference", layout.folder, "--port", port)
    assert (refused.returncode, refused.stdout) == (32, "")
    assert refused.stderr.count("\n") == 1
    assert port in refused.stderr


def test_it_refuses_to_run_twice(layout: Layout, living: Living) -> None:
    first, _ = living.inference(layout.folder)
    second = run("-m", "resurge.demo.service.inference", layout.folder, "--port", "0")
    assert second.returncode == 11
    assert str(first.pid) in second.stderr


def test_stopped_it_still_takes_connections_and_killed_it_gives_them_back(layout: Layout, living: Living) -> None:
    process, port = living.inference(layout.folder)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        ask(port, "GET", "/healthz", seconds=0.2)
    process.kill()
    again = living.service("inference", layout.folder, "--port", str(port))
    await_true(lambda: "listening" in living.output(again), "the same port")
    assert ask(port, "GET", "/healthz")[0] == 200

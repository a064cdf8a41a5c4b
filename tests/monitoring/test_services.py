"""Real processes and real HTTP servers, broken in every way that the rules tell apart."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resurge.estate.model import Component, ComponentKind, Link, Probe, ProbeKind, Process
from resurge.incidents.records import Symptom
from resurge.monitoring import examine
from resurge.monitoring.collectors.process import find_process
from resurge.monitoring.collectors.web import exchange
from tests.monitoring.estates import Service, estate_of, eventually, watching


def test_a_killed_process_is_dead_and_clears_when_it_is_back(service: Service, tmp_path: Path) -> None:
    service.start()
    estate = estate_of(tmp_path, service.component(service.health()))
    with watching(estate) as (watcher, heard):
        heard.wait_for_looks("probe", 2)
        before = time.time()
        service.kill()
        alert = heard.wait_for(Symptom.PROCESS_DEAD)
        assert alert.last_good_at <= alert.since <= alert.raised_at
        assert alert.since >= before
        heard.wait_for(Symptom.PROBE_REFUSED)
        assert Symptom.PROBE_TIMEOUT not in heard.symptoms()
        assert {alert.symptom for alert in watcher.active()} == {Symptom.PROCESS_DEAD, Symptom.PROBE_REFUSED}
        service.start()
        eventually(lambda: heard.cleared() == {Symptom.PROCESS_DEAD, Symptom.PROBE_REFUSED}, "both cleared")
        assert watcher.active() == ()


def test_a_stopped_process_is_told_apart_from_a_dead_one(service: Service, tmp_path: Path) -> None:
    service.start()
    estate = estate_of(tmp_path, service.component(service.health(), canary=True))
    with watching(estate) as (_, heard):
        heard.wait_for_looks("canary", 2)
        service.kill(signal.SIGSTOP)
        first = heard.wait_for(Symptom.PROCESS_STOPPED)
        assert first.detail["pid"] == service.process.pid  # type: ignore[union-attr]
        heard.wait_for(Symptom.PROBE_TIMEOUT)
        assert not heard.symptoms() & {Symptom.PROCESS_DEAD, Symptom.PROBE_REFUSED, Symptom.CANARY_WRONG}
    assert {a.symptom for a in examine("service", estate, {})} == {
        Symptom.PROCESS_STOPPED,
        Symptom.PROBE_TIMEOUT,
    }
    service.kill(signal.SIGCONT)
    eventually(lambda: not examine("service", estate, {}), "well again")


@pytest.mark.parametrize(
    ("mode", "symptom"),
    [
        ("hang", Symptom.PROBE_TIMEOUT),
        ("drip", Symptom.PROBE_TIMEOUT),
        ("error", Symptom.PROBE_FAILED),
        ("unreadable", Symptom.PROBE_FAILED),
        ("wrong", Symptom.CANARY_WRONG),
    ],
)
def test_a_service_that_runs_and_is_not_well(service: Service, tmp_path: Path, mode: str, symptom: Symptom) -> None:
    service.start()
    estate = estate_of(tmp_path, service.component(service.health(), service.metrics(), canary=True))
    with watching(estate) as (_, heard):
        heard.wait_for_looks("canary", 2)
        heard.wait_for_looks("probe", 4)
        service.behave(mode)
        heard.wait_for(symptom)
        assert heard.symptoms() == {symptom}
    assert {anomaly.symptom for anomaly in examine("service", estate, {})} == {symptom}


def test_samples_of_a_metrics_page_are_measured(service: Service, tmp_path: Path) -> None:
    service.start()
    with watching(estate_of(tmp_path, service.component(service.metrics()))) as (_, heard):
        heard.wait_for_looks("metric", 2)
    samples = {m.name: m.value for m in heard.measurements if m.kind == "metric"}
    assert samples == {'metric:requests_total{path="/"}': 7.0, "metric:up": 1.0}


def test_a_service_that_is_starting_has_its_grace(service: Service, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        service.port_file.write_text(str(free.getsockname()[1]))
    service.start(seconds_to_start=1.0)
    eventually(service.pid_file.exists, "its pid file")
    with watching(estate_of(tmp_path, service.component(service.health()))) as (_, heard):
        eventually(lambda: any(m.kind == "probe" and m.value for m in list(heard.measurements)), "an answer")
        refused = [m for m in heard.measurements if m.kind == "probe" and m.detail["outcome"] == "refused"]
        assert len(refused) >= 2
        assert heard.events == []
        service.kill()
        heard.wait_for(Symptom.PROCESS_DEAD)  # grace or not
        heard.wait_for(Symptom.PROBE_REFUSED)  # it had answered, so its grace was over


def test_a_zombie_is_dead(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / "pid").write_text(str(child.pid))
    process = Process((sys.executable, "-c", ""), tmp_path, tmp_path / "pid", tmp_path / "log")
    eventually(lambda: "zombie" in find_process(process).summary, "its end")
    assert find_process(process).state == "dead"
    child.wait()
    assert "gone" in find_process(process).summary


def test_a_number_that_another_process_inherited_is_dead(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()", "mine"], stdin=subprocess.PIPE)
    try:
        pid_file = tmp_path / "pid"
        pid_file.write_text(str(child.pid))
        mine = Process(("python", "-c", "input()", "mine"), tmp_path, pid_file, tmp_path / "log")
        other = Process(("python", "-m", "server"), tmp_path, pid_file, tmp_path / "log")
        assert find_process(other).state == "running"  # the file is younger than the process: it wrote it
        os.utime(pid_file, (time.time() - 3600,) * 2)
        assert find_process(other).state == "dead"
        assert find_process(mine).state == "running"  # its command line tells
    finally:
        child.communicate(b"\n")


@pytest.mark.parametrize("text", ["", "no number", "-1", "99999999999999999999", "0"])
def test_a_pid_file_that_names_no_process_is_dead(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    process = Process(("x",), tmp_path, tmp_path / "pid", tmp_path / "log")
    assert find_process(process).state == "dead"


def test_commands_and_sockets(tmp_path: Path) -> None:
    marker = tmp_path / "grandchild"
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        open_port, closed_port = listening.getsockname()[1], bound.getsockname()[1]
        slow = (
            "import subprocess, time; child = subprocess.Popen(['sleep', '60']); "
            f"open({str(marker)!r}, 'w').write(str(child.pid)); time.sleep(60)"
        )
        probes = {
            "ok": Probe(ProbeKind.COMMAND, command=("python", "-c", "open('resurge.yaml')"), timeout_seconds=5),
            "bad": Probe(ProbeKind.COMMAND, command=("python", "-c", "raise SystemExit('sorry')"), timeout_seconds=5),
            "absent": Probe(ProbeKind.COMMAND, command=("/no/such/program",)),
            "slow": Probe(ProbeKind.COMMAND, command=("python", "-c", slow), timeout_seconds=1.0),
            "open": Probe(ProbeKind.TCP, f"127.0.0.1:{open_port}"),
            "closed": Probe(ProbeKind.TCP, f"127.0.0.1:{closed_port}"),
        }
        components = [Component(name, ComponentKind.NODE, probes=(probe,)) for name, probe in probes.items()]
        estate = estate_of(tmp_path, *components)
        estate.file.touch()
        found = {name: [a.symptom for a in examine(name, estate, {})] for name in probes}
        assert "sorry" in examine("bad", estate, {})[0].summary
    assert found == {
        "ok": [],
        "bad": [Symptom.PROBE_FAILED],
        "absent": [Symptom.PROBE_FAILED],
        "slow": [Symptom.PROBE_TIMEOUT],
        "open": [],
        "closed": [Symptom.PROBE_REFUSED],
    }
    with pytest.raises(ProcessLookupError):
        for _ in range(1000):
            os.kill(int(marker.read_text()), 0)
            time.sleep(0.01)


def test_a_link_with_an_address_is_watched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        link = Link("elsewhere", address=f"127.0.0.1:{listening.getsockname()[1]}")
        estate = estate_of(tmp_path, Component("node", ComponentKind.NODE, links=(link,)))
        with watching(estate) as (_, heard):
            heard.wait_for_looks("link", 2)
            listening.close()
            heard.wait_for(Symptom.PROBE_REFUSED)


def test_one_deadline_holds_for_a_whole_exchange(service: Service) -> None:
    service.start()
    service.behave("drip")
    assert exchange(f"{service.url}/", timeout_seconds=0.3).outcome == "timeout"
    assert exchange("http://127.0.0.1:notaport/", timeout_seconds=0.3).outcome == "failed"
    assert exchange("nonsense", timeout_seconds=0.3).outcome in {"failed", "refused"}

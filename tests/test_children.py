"""Child processes: they answer, die, end and never outlive their parent."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tourplan.optimise import children

ECHO = """
from time import sleep
from tourplan.optimise.children import serve_calls

def answer(call):
    if call == b"die":
        import os
        os._exit(3)
    if call.startswith(b"sleep"):
        sleep(60)
    print("noise on standard output", flush=True)
    return call[::-1]

def serve():
    serve_calls(answer)
"""


@pytest.fixture
def echo(tmp_path, monkeypatch):
    """A module whose children answer every call with its bytes reversed."""
    (tmp_path / "echo_calls.py").write_text(ECHO, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(Path(children.__file__).parents[2])])
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.setattr(children, "_idle", [])
    yield "echo_calls"
    children.end_all()


def heard(answers: queue.SimpleQueue) -> tuple[children.Child, bytes | None]:
    return answers.get(timeout=30)


@pytest.mark.parametrize("call", [b"", b"abc", b"\n\x00\xff" * 100_000], ids=len)
def test_a_child_answers_whatever_is_printed_meanwhile(echo, call):
    child, answers = children.take(echo), queue.SimpleQueue()
    child.ask(call, answers)
    assert heard(answers) == (child, call[::-1])
    child.end()


def test_a_child_at_rest_is_taken_again(echo):
    child, answers = children.take(echo), queue.SimpleQueue()
    child.ask(b"one", answers)
    heard(answers)
    children.give_back(child)
    assert children.take(echo) is child
    child.ask(b"two", answers)
    assert heard(answers)[1] == b"owt"
    child.end()


def test_children_too_many_are_ended(echo):
    some = [children.take(echo) for _ in range(3)]
    for child in some:
        children.give_back(child)
    assert [child.process.poll() is None for child in some] == [True, True, False]


def test_a_child_that_died_at_rest_is_not_taken(echo):
    child = children.take(echo)
    children.give_back(child)
    child.process.kill()
    child.process.wait()
    other = children.take(echo)
    assert other is not child
    other.end()


def test_a_child_that_dies_is_heard_of(echo):
    child, answers = children.take(echo), queue.SimpleQueue()
    child.ask(b"die", answers)
    assert heard(answers) == (child, None)
    child.end()


def test_a_dead_child_that_is_asked_is_heard_of(echo):
    child, answers = children.take(echo), queue.SimpleQueue()
    child.process.kill()
    child.process.wait()
    child.ask(b"x" * 1_000_000, answers)
    assert heard(answers) == (child, None)
    child.end()


def test_a_busy_child_is_ended_at_once(echo):
    child, answers = children.take(echo), queue.SimpleQueue()
    child.ask(b"sleep", answers)
    sleep(0.5)
    started = monotonic()
    child.end()
    assert monotonic() - started < 5
    assert child.process.poll() is not None


def test_a_busy_child_ends_with_its_parent(echo, tmp_path):
    code = (
        "import queue, sys; from tourplan.optimise import children\n"
        f"child = children.take({echo!r}); child.ask(b'sleep', queue.SimpleQueue())\n"
        "print(child.process.pid, flush=True); import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid, until = int(done.stdout), monotonic() + 20
    while _alive(pid) and monotonic() < until:
        sleep(0.1)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has reaped does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def test_inside_another_program_there_are_no_children(monkeypatch):
    monkeypatch.setattr(children, "_idle", [])
    monkeypatch.setattr(sys, "executable", "/usr/bin/qgis")
    assert children.take("nothing") is None
    monkeypatch.setattr(sys, "executable", "")
    assert children.take("nothing") is None


def test_where_no_process_can_start_there_are_no_children(monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(children, "_idle", [])
    monkeypatch.setattr(subprocess, "Popen", refused)
    assert children.take("nothing") is None

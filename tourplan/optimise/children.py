"""Child processes that answer calls: two solvers work side by side, and any can be stopped at once.

A solver on a thread cannot be told to stop; a process can be ended. Calls and answers are bytes,
one after the other on the child's standard input and output, each behind its length. A child waits
for its parent: when that ends, however it does, so does the child.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_LENGTH = struct.Struct("<Q")
_FOLDER = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, {folder!r}); from {module} import serve; serve()"
_KEPT = 2
"""Idle children kept for later calls; with more, they are ended."""


@dataclass(eq=False)
class Child:
    """A child process that runs ``serve`` of a module and has one call at a time."""

    process: subprocess.Popen[bytes]
    answers: queue.SimpleQueue[tuple[Child, bytes | None]] = field(
        default_factory=queue.SimpleQueue
    )

    def ask(self, call: bytes, answers: queue.SimpleQueue[tuple[Child, bytes | None]]) -> None:
        """Send a call; (self, answer) comes in ``answers``, ``None`` if the child died."""
        self.answers = answers
        try:
            _write(_pipe(self.process.stdin), call)
        except OSError:
            answers.put((self, None))

    def listen(self) -> None:
        """Pass every answer on, to the end."""
        pipe = _pipe(self.process.stdout)
        while True:
            answer = _read(pipe)
            self.answers.put((self, answer))
            if answer is None:
                return

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was never sent cannot be flushed any more
                _pipe(pipe).close()


_idle: list[Child] = []


def take(module: str) -> Child | None:
    """A child at rest, or a new one; ``None`` where none can be started."""
    while _idle:
        child = _idle.pop()
        if child.process.poll() is None:
            return child
        child.end()
    if not Path(sys.executable or "").name.lower().startswith("python"):
        return None  # tourplan runs inside another program, which is no Python to start
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-P", "-c", _START.format(folder=_FOLDER, module=module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows: no console pops up
        )
    except OSError:
        return None
    child = Child(process)
    threading.Thread(target=child.listen, daemon=True).start()
    return child


def give_back(child: Child) -> None:
    """Keep a child that has answered for the next call."""
    if len(_idle) < _KEPT and child.process.poll() is None:
        _idle.append(child)
    else:
        child.end()


@atexit.register
def end_all() -> None:
    """End every child at rest."""
    while _idle:
        _idle.pop().end()


def serve_calls(answer: Callable[[bytes], bytes]) -> None:
    """The child's side: answer calls until the parent ends.

    What solvers print goes nowhere, Ctrl-C is the parent's business, and the standard input is read
    while a call is answered, so that the end of the parent is seen at once.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

    def work(call: bytes) -> None:
        _write(out, answer(call))

    while (call := _read(sys.stdin.buffer)) is not None:
        threading.Thread(target=work, args=(call,), daemon=True).start()
    os._exit(0)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101
    return pipe


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """The next message; ``None`` at the end."""
    try:
        head = pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack(head)
        message = pipe.read(size)
    except (OSError, ValueError):
        return None
    return message if len(message) == size else None

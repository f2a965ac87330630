"""One process writes a folder at a time. The second waits and says for whom; the dead hold none.

Where the system has file locks the kernel gives them back when a process ends, however it ends, so
nothing can be stale and no clock is asked. File systems without them (some network shares) get an
owner file with a pulse: who waits watches the pulse by its own clock, so that a holder that died,
here or on another machine, is told from one that works.

Why not filelock (read at 4.3.1, which torch may bring in any version): it falls back to a file
where flock is not implemented (ENOSYS), but raises for the other errors that network disks give
(ENOLCK, ENOTSUP, EINVAL), and the file that it falls back to has no pulse.
"""

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.storage.lock_owner import is_gone, read_owner, this_owner, wait_sentence

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]


POLL = 0.2  # seconds between two looks at a lock that is held
PULSE = 5.0  # seconds between two beats of an owner file
SILENCE = 60.0  # seconds without a beat after which its owner is dead
UNSUPPORTED = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_held: set[Path] = set()  # what this process holds: a stage inside a stage does not wait for itself
_descriptors: set[int] = set()


@contextmanager
def hold_lock(path: Path, *, command: str, say: Callable[[str], None] = print) -> Iterator[None]:
    """Holds the lock file for the block, after waiting for its holder; `say` hears of the wait.

    Raises OSError where the folder can't be written.
    """
    path = path.absolute()
    if path in _held:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    give_back = _take(path, command, say)
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        give_back()


@contextmanager
def try_lock(path: Path, *, command: str) -> Iterator[bool]:
    """Holds the lock file for the block and gives True; False, without a wait, where another
    process has it. Where the system has no file locks it waits."""
    if fcntl is None:
        with hold_lock(path, command=command):
            yield True
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            yield False
            return
        if error.errno not in UNSUPPORTED:
            raise
        with hold_lock(path, command=command):
            yield True
        return
    _descriptors.add(descriptor)
    try:
        yield True
    finally:
        if descriptor in _descriptors:  # a forked child holds nothing
            _descriptors.discard(descriptor)
            os.close(descriptor)


def say_nothing(_sentence: str) -> None:
    """For processes of one command that share their work: no other program is in the way."""


def _take(path: Path, command: str, say: Callable[[str], None]) -> Callable[[], None]:
    """Waits for the lock and gives the function that returns it."""
    if fcntl is None:
        return _take_file(_pulse_path(path), command, say)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    looks = 0
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno in UNSUPPORTED:
                    os.close(descriptor)
                    return _take_file(_pulse_path(path), command, say)
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
            looks += 1
            if looks == 2:  # at the first its holder may not have written itself into it yet
                say(wait_sentence(path, read_owner(path)))
            time.sleep(POLL)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(this_owner(command)).encode(), 0)
    except BaseException:
        _close(descriptor)
        raise
    _descriptors.add(descriptor)

    def give_back() -> None:
        if descriptor not in _descriptors:  # a forked child, which holds nothing
            return
        _descriptors.discard(descriptor)
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    return give_back


def _take_file(path: Path, command: str, say: Callable[[str], None]) -> Callable[[], None]:
    """The same with an owner file, for file systems that have no locks."""
    owner = this_owner(command)
    told = False
    seen = None
    since = time.monotonic()
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(owner, file)
            break
        except FileExistsError:
            found = read_owner(path)
        if found != seen:
            seen = found
            since = time.monotonic()
        if is_gone(found) or time.monotonic() - since > SILENCE:
            _replace(path, owner)
            time.sleep(2 * POLL)  # two that found it dead at once: the later one has it
            if read_owner(path).get("token") == owner["token"]:
                break
        elif not told:
            say(wait_sentence(path, found))
            told = True
        time.sleep(POLL)
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(PULSE):
            owner["beats"] += 1
            _replace(path, owner)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()

    def give_back() -> None:
        stop.set()
        thread.join()
        path.unlink(missing_ok=True)

    return give_back


def _replace(path: Path, owner: dict[str, Any]) -> None:
    temporary = path.with_name(f"{path.name}.{owner['token']}")
    temporary.write_text(json.dumps(owner), encoding="utf-8")
    os.replace(temporary, path)


def _pulse_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.owner")


def _close(descriptor: int) -> None:
    with suppress(OSError):  # closed already
        os.close(descriptor)


def _forget_in_child() -> None:
    """A forked loader process must not keep its parent's lock alive when the parent is killed."""
    for descriptor in _descriptors:
        _close(descriptor)
    _descriptors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)

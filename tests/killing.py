"""Runs the front door in children of one warm process and kills them at chosen moments.

    PYTHONPATH=. python tests/killing.py PLAN.json

The plan: `words` of the front door, `runs` (a list of lists of moments) and `folders`, one a run. A
moment is a share of all file operations of a whole run, from 0 to 1: a child kills itself right
before that operation (opening for writing, renaming, removing, making a folder), or, with a
negative sign, at that share of the whole run's time, which falls within epochs and images. A
moment may also be `NAME:K`: within the K-th write of a file of that name, half of which is on disk
under its temporary name; whichever process writes it dies, the run's own or one of its cells'.
After each kill it is noted what submission is there (`answers`).
Importing torch takes longer than the runs, so it is done once, here, and every child is a fork.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

WITHIN = "KILL_WITHIN"  # carries such a moment, and where it is noted, to the cells' processes
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.truncate", "shutil.rmtree"}


def is_write(event: str, details: tuple) -> bool:
    if event == "open":
        flags = details[2] if isinstance(details[2], int) else 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in WRITES


def count_writes(limit: int | None) -> list[int]:
    """Counts this process's writes from now on; kills it right before number `limit`."""
    main, seen = os.getpid(), [0]

    def look(event: str, details: tuple) -> None:
        if os.getpid() == main and is_write(event, details):
            seen[0] += 1
            if seen[0] == limit:
                os.kill(main, signal.SIGKILL)

    sys.addaudithook(look)
    return seen


def die_within(name: str, number: int, note: Path) -> None:
    """Kills this process within its `number`-th write of a file: half is there, no name yet. Only
    one process does: the one that makes the note."""
    seen = [0]

    def look(event: str, details: tuple) -> None:
        if event != "os.rename" or os.path.basename(details[1]) != name:
            return
        seen[0] += 1
        if seen[0] >= number and not note.exists():
            note.write_text(str(os.getpid()))
            os.truncate(details[0], os.path.getsize(details[0]) // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def obey() -> None:
    """Dies within the write that the environment names, when it names one."""
    if os.environ.get(WITHIN):
        name, number, note = json.loads(os.environ[WITHIN])
        die_within(name, number, Path(note))


def run_child(
    words: list[str],
    log: Path,
    *,
    limit: int | None = None,
    seconds: float | None = None,
    within: str | None = None,
) -> tuple:
    """The exit status of a child that runs the words, its writes and its seconds."""
    reader, writer = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, 1)
            os.dup2(file, 2)
            if within is not None:
                name, number = within.split(":")
                note = str(log.with_name(f"killed-{within}"))
                os.environ[WITHIN] = json.dumps([name, int(number), note])
            obey()
            seen = count_writes(limit)
            if seconds is not None:
                killer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
                killer.daemon = True
                killer.start()
            from pipeline.__main__ import main

            code = main(words)
            sys.stdout.flush()
            os.write(writer, str(seen[0]).encode())
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
            os._exit(99)
        os._exit(code)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    text = os.read(reader, 64)
    os.close(reader)
    return os.waitstatus_to_exitcode(status), int(text or 0), time.monotonic() - started


def read_answer(folder: Path) -> str | None:
    """The submission as a kill left it; None where there is none yet."""
    found = sorted(folder.glob("submissions/*.csv"))
    found = [path for path in found if path.name != "ledger.csv"]
    return found[0].read_text() if found else None


def main(plan: dict) -> dict:
    import albumentations  # noqa: F401
    import torch

    torch.set_num_threads(1)
    whole, *folders = [Path(folder) for folder in plan["folders"]]

    def words_for(folder: Path) -> list[str]:
        return [*plan["words"], f"runs={folder}/runs", f"submissions={folder}/submissions"]

    for folder in (whole, *folders):
        folder.mkdir(parents=True, exist_ok=True)
    code, writes, seconds = run_child(words_for(whole), whole / "log")
    done = {"whole": [code, writes, seconds], "kills": [], "codes": [], "notes": [], "answers": []}
    for folder, moments in zip(folders, plan["runs"], strict=True):
        come = 0.0  # what is done already is not done again, so the share is what is added to it
        for moment in moments:
            if isinstance(moment, str):
                code, _, _ = run_child(words_for(folder), folder / "log", within=moment)
                done["notes"].append(code if (folder / f"killed-{moment}").exists() else None)
                continue
            share, come = abs(moment) - come, abs(moment)
            how = {"limit": max(1, round(share * writes))}
            if moment < 0:
                how = {"seconds": share * seconds}
            code, _, _ = run_child(words_for(folder), folder / "log", **how)
            done["kills"].append(code)
            done["answers"].append(read_answer(folder))
        code, _, _ = run_child(words_for(folder), folder / "log")
        done["codes"].append(code)
    return done


if __name__ == "__mp_main__":  # a cell's own process, which imports this file again
    obey()


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))

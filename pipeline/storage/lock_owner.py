"""Who holds a lock: a process, told from any other that ever had its number."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any


def read_owner(path: Path) -> dict[str, Any]:
    """Who wrote itself into a lock file last; empty when nobody did, or it says nothing."""
    try:
        owner = json.loads(path.read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):  # released meanwhile, or its holder is just writing it
        return {}
    return owner if isinstance(owner, dict) else {}


def is_gone(owner: dict[str, Any]) -> bool:
    """Whether the owner was a process of this machine that is no more, also after a reboot or when
    its number went to another process; False for another machine, of which nothing is known."""
    if owner.get("host") != socket.gethostname():
        return False
    if owner.get("boot") != _boot():
        return True
    return _start_of(int(owner.get("pid", -1))) != owner.get("process_start")


def this_owner(command: str) -> dict[str, Any]:
    """What a lock file says of this process: enough to know on any machine whether it lives."""
    pid = os.getpid()
    return {
        "host": socket.gethostname(),
        "boot": _boot(),
        "pid": pid,
        "process_start": _start_of(pid),
        "command": command,
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),  # for people; nothing is decided by it
        "token": os.urandom(8).hex(),
        "beats": 0,
    }


def wait_sentence(path: Path, owner: dict[str, Any]) -> str:
    """What a process that waits for the lock says of its owner."""
    who = "another process"
    if owner:
        who = f"process {owner.get('pid')} on {owner.get('host')} since {owner.get('since')}"
        who += f" ({owner.get('command')})"
    return f"waiting: {path.parent} is being written by {who}; Ctrl-C stops waiting"


def _boot() -> str:
    """What names this start of the machine; '' where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # no Linux
        return ""


def _start_of(pid: int) -> str | None:
    """When a process began, in ticks since the machine's start; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        try:  # no /proc: only whether it is there
            os.kill(pid, 0)
        except OSError:
            return None
        return ""
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]  # a zombie is dead, only not yet buried

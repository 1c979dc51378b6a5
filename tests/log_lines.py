"""Logs that tests write themselves."""

from __future__ import annotations


def heartbeat_log(messages: int, session: int = 1) -> bytes:
    """Lines of a session of heartbeats, as QuickFIX writes them."""
    lines = []
    for sequence in range(1, messages + 1):
        clock = f"20240102-10:{session:02d}:{sequence % 60:02d}.000"
        body = f"35=0\x0134={sequence}\x0149=BUY{session}\x0152={clock}\x0156=SELL\x01"
        head = f"8=FIX.4.4\x019={len(body)}\x01{body}"
        lines.append(f"{clock} : {head}10={sum(head.encode()) % 256:03d}\x01\n")
    return "".join(lines).encode()

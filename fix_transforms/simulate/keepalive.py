"""What keeps a FIX session alive and whole: Logon, Heartbeat, TestRequest, recovery after a lost link, Logout.

Invariant: as in the FIX session protocol, the heartbeat timer of a direction restarts with every message in it, a
TestRequest is answered by a Heartbeat with its TestReqID, a Logon whose number is too high is accepted and answered
with a ResendRequest, and a resend sends application messages with PossDupFlag and stands SequenceReset-GapFill in for
administrative ones. Event texts are those of QuickFIX.
"""

from __future__ import annotations

from fix_transforms.simulate.session import LOGOUTS, Script, SessionDay
from fix_transforms.simulate.wire import SECOND

#: Messages that are never sent again.
ADMINISTRATIVE = frozenset("012345A")

#: Chance that a heartbeat of theirs comes so late that we ask.
_LATE = 0.015


def log_on(session: SessionDay) -> Script:
    """Connect and log on, resetting sequence numbers where the session does."""
    session.event("Created session")
    session.event(f"Connecting to {session.profile.counterparty.lower()}.example.net on port 9880 (Source :0)")
    yield session.rng.randint(8_000, 40_000)
    session.event("Connection succeeded")
    yield from _shake_hands(session, is_reset=session.profile.reset == "daily-flag")
    if session.left <= 0:
        session.is_closing = True


def _shake_hands(session: SessionDay, *, is_reset: bool) -> Script:
    profile, dialect = session.profile, session.dialect
    flag = "141=Y\x01" if is_reset and dialect.has_reset_flag else ""
    version = "" if dialect.default_appl_ver_id is None else f"1137={dialect.default_appl_ver_id}\x01"
    interval = f"98=0\x01108={profile.heartbeat_seconds}\x01"
    session.send("A", interval + flag + _credentials(session) + version)
    session.event("Initiated logon request")
    if session.left + LOGOUTS <= 0:
        return
    yield session.round_trip() + session.rng.randint(20_000, 90_000)
    session.is_down = False
    session.receive("A", interval + flag + version, session.their_time())
    session.event("Received logon response")
    session.truth.logons += 1


def _credentials(session: SessionDay) -> str:
    """User and password; where the version has no fields for them, they travel in RawData."""
    secret = f"Pw{session.trading_date:%d%m}!{session.profile.counterparty.lower()[:4]}"
    if session.dialect.has_credentials:
        return f"553={session.profile.user}\x01554={secret}\x01"
    return f"95={len(secret)}\x0196={secret}\x01"


def log_out(session: SessionDay) -> Script:
    """Wait until everything is settled and the budget is spent up to the Logouts, then log out."""
    if not session.is_closing:
        yield max(session.close - session.now, 0)
        while session.scripts or session.is_down or session.left > 0:
            yield SECOND // 2
    session.is_closing = True
    if session.left + LOGOUTS <= 0:
        session.event("Disconnecting")
        return
    session.send("5", "58=End of day\x01" if session.rng.random() < 0.5 else "")
    session.event("Initiated logout request")
    if session.left + LOGOUTS <= 0:
        session.event("Disconnecting")
        return
    yield session.round_trip()
    session.receive("5", "", session.their_time())
    session.event("Received logout response")
    session.event("Disconnecting")


def our_heartbeats(session: SessionDay) -> Script:
    """Send a Heartbeat whenever we were silent for the interval."""
    while not session.is_closing:
        wait = _silence_left(session, "out")
        if wait > 0:
            yield wait
            continue
        if session.left <= session.reserved:
            yield SECOND
            continue
        session.send("0", "")
        yield session.rng.randint(100, 900)


def their_heartbeats(session: SessionDay) -> Script:
    """Receive a Heartbeat whenever they were silent for the interval; now and then only after asking."""
    while not session.is_closing:
        wait = _silence_left(session, "in")
        if wait > 0:
            yield wait + session.rng.randint(0, 400_000)
            continue
        if session.left <= session.reserved:
            yield SECOND
            continue
        if session.room >= 2 and session.rng.random() < _LATE:
            yield from _ask_if_alive(session)
        else:
            session.receive("0", "", session.their_time())


def _silence_left(session: SessionDay, direction: str) -> int:
    if session.is_down:
        return max(session.up_at - session.now, 0) + SECOND
    return session.last_activity[direction] + session.profile.heartbeat_seconds * SECOND - session.now


def _ask_if_alive(session: SessionDay) -> Script:
    """They are late: after 1.2 intervals of silence we send a TestRequest, as QuickFIX does."""
    last = session.last_activity["in"]
    yield session.profile.heartbeat_seconds * SECOND // 5
    if session.last_activity["in"] != last or session.is_down or session.room < 2:
        return
    session.send("1", "112=TEST\x01")
    session.event("Sent test request TEST")
    session.truth.test_requests["out"] += 1
    session.reserved += 1
    yield session.round_trip()
    session.reserved -= 1
    session.receive("0", "112=TEST\x01", session.their_time())


def their_test_request(session: SessionDay) -> Script:
    """They ask whether we are alive; we are."""
    if session.is_down:
        return
    question = f"112={session.clock.fix(session.now, 0)}\x01"
    session.receive("1", question, session.their_time())
    session.truth.test_requests["in"] += 1
    yield session.rng.randint(200, 1_500)
    yield from session.link()
    session.send("0", question)


def lose_link(session: SessionDay) -> Script:
    """The connection drops; after some seconds we log on again and ask for what we missed."""
    session.is_down = True
    session.up_at = session.now + session.rng.randint(8, 40) * SECOND
    session.truth.disconnects += 1
    session.event("Socket Error: Connection reset by peer.")
    session.event("Disconnecting")
    expected = session.next_seq_num["in"]
    may_restart = session.dialect.has_reset_flag and session.profile.reset == "daily-flag"
    if session.rng.random() < (0.15 if may_restart else 0.6):
        session.lose("0", "")
    yield session.up_at - session.now
    session.event("Connection succeeded")
    if may_restart and not session.undelivered:
        session.held = []
        session.restart_numbers()
        yield from _shake_hands(session, is_reset=True)
        session.release()
        return
    yield from _shake_hands(session, is_reset=False)
    if session.undelivered:
        session.held = []
        yield from _recover(session, expected)
        session.release()


def _recover(session: SessionDay, expected: int) -> Script:
    """Ask for everything from ``expected`` on; they resend, and fill the gap of what is administrative."""
    logon = session.next_seq_num["in"] - 1
    session.event(f"MsgSeqNum too high, expecting {expected} but received {logon}")
    gap = session.gap(expected, logon - 1)
    end = "999999" if session.dialect.begin_string == "FIX.4.0" else "0"
    session.send("2", f"7={expected}\x0116={end}\x01")
    session.event(f"Sent ResendRequest FROM: {expected} TO: {end}")
    session.truth.resend_requests["out"] += 1
    yield session.round_trip()
    for message in session.undelivered:
        now_text = session.clock.fix(session.their_time(), session.dialect.time_digits)
        if message.msg_type in ADMINISTRATIVE:
            session.settle(1)
            session.gap_fill("in", message.seq_num, message.seq_num + 1, now_text)
            gap.gap_filled += 1
        else:
            session.resend("in", message, now_text, is_prepaid=True)
            gap.resent += 1
        yield session.rng.randint(20, 300)
    session.undelivered.clear()
    now_text = session.clock.fix(session.their_time(), session.dialect.time_digits)
    session.gap_fill("in", logon, logon + 1, now_text)
    session.event(f"ResendRequest for messages FROM: {expected} TO: {logon} has been satisfied.")


def their_resend_request(session: SessionDay) -> Script:
    """They fail over, lose the last messages they took from us, and ask for them again."""
    if session.is_down or len(session.recently_sent) < 4:
        return
    asked = list(session.recently_sent)[-session.rng.randint(3, 6) :]
    begin, end = asked[0].seq_num, asked[-1].seq_num
    session.receive("2", f"7={begin}\x0116={end}\x01", session.their_time())
    session.truth.resend_requests["in"] += 1
    session.event(f"Received ResendRequest FROM: {begin} TO: {end}")
    yield session.rng.randint(300, 900)
    if session.is_down:
        return
    skipped: int | None = None
    for message in asked:
        if message.msg_type in ADMINISTRATIVE:
            skipped = message.seq_num if skipped is None else skipped
            continue
        if skipped is not None:
            session.gap_fill("out", skipped, message.seq_num, session.our_time())
            skipped = None
        session.resend("out", message, session.our_time(), is_prepaid=False)
        session.event(f"Resending Message: {message.seq_num}")
    if skipped is not None:
        session.gap_fill("out", skipped, end + 1, session.our_time())

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import simplefix

from fix_transforms.fix.dictionary import load_dictionary, version_of

ADMINISTRATIVE = set("012345A")


def _truths(written):
    truths = {(truth.session, truth.trading_date): truth for truth in written.truth.sessions}
    for logs in written.sessions:
        yield logs, truths[logs.session, logs.trading_date]


def _instant(text: str) -> datetime:
    layout = "%Y%m%d-%H:%M:%S.%f" if "." in text else "%Y%m%d-%H:%M:%S"
    return datetime.strptime(text, layout).replace(tzinfo=UTC)


def _versions(logs):
    appl = next((message.tags[1137] for message in logs.messages if 1137 in message.tags), None)
    return load_dictionary(version_of(logs.messages[0].tags[8], None, appl))


def test_body_length_and_checksum_are_those_of_simplefix(written) -> None:
    for logs in written.sessions:
        for message in logs.messages:
            rebuilt = simplefix.FixMessage()
            for tag, value in message.pairs:
                if tag not in (9, 10):
                    rebuilt.append_pair(tag, value.encode("latin-1"))
            assert rebuilt.encode() == message.raw


def test_every_field_and_code_is_defined_for_its_message(written) -> None:
    for logs in written.sessions:
        dictionary = _versions(logs)
        for message in logs.messages:
            layout = dictionary.layout(message.tags[35])
            groups = [group.members for counter, group in layout.groups.items() if counter in message.tags]
            allowed = layout.tags.union(*groups)
            unknown = [tag for tag in message.tags if tag not in allowed]
            assert not unknown, (logs.session, message.raw, unknown)
            for tag, value in message.pairs:
                codes = dictionary.fields[tag].codes
                assert not codes or value in codes, (logs.session, message.raw, tag)


def test_required_fields_are_missing_only_where_a_reject_says_so(written) -> None:
    for logs in written.sessions:
        dictionary = _versions(logs)
        sent: dict[int, object] = {}
        incomplete, refused = [], []
        for message in logs.messages:
            if message.direction == "out" and 43 not in message.tags:
                sent[message.seq] = message
            if message.tags[35] == "3":
                refused.append(sent[int(message.tags[45])])
            missing = {tag for tag in dictionary.messages[message.tags[35]].required if tag not in message.tags}
            if missing and message.tags.get(43) != "Y":
                assert (message.tags[35], missing) == ("D", {60})
                incomplete.append(message)
        assert [message for message in refused if message.tags[8] != "FIX.4.0"] == incomplete


def test_groups_hold_as_many_entries_as_they_say(written) -> None:
    delimiters = {453: {448}, 268: {269, 279}, 802: {523}, 267: {269}, 146: {55}}
    seen = Counter()
    for logs in written.sessions:
        for message in logs.messages:
            for tag, count in message.pairs:
                if tag not in delimiters or (tag == 267):
                    continue
                first = message.pairs[[pair[0] for pair in message.pairs].index(tag) + 1][0]
                assert first in delimiters[tag]
                if tag != 802:
                    assert sum(pair[0] == first for pair in message.pairs) == int(count)
                seen[tag] += 1
    assert all(seen[tag] for tag in (453, 268, 802, 146))


def test_log_clock_never_goes_back_and_stays_near_sending_time(written) -> None:
    for logs in written.sessions:
        times = [message.at for message in logs.messages]
        assert times == sorted(times)
        for message in logs.messages:
            assert message.at.date().isoformat() == logs.trading_date
            assert abs(message.at - _instant(message.tags[52])) < timedelta(seconds=2)


def test_sending_time_never_goes_back_in_either_direction(written) -> None:
    for logs in written.sessions:
        for direction in ("in", "out"):
            times = [_instant(message.tags[52]) for message in logs.messages if message.direction == direction]
            assert times == sorted(times)


def test_transact_time_is_not_after_sending_time(written) -> None:
    for logs in written.sessions:
        for message in logs.messages:
            if 60 in message.tags and 43 not in message.tags:
                assert _instant(message.tags[60]) <= _instant(message.tags[52])


def test_sessions_open_with_logons_and_end_with_logouts(written) -> None:
    for logs in written.sessions:
        assert [(message.direction, message.tags[35]) for message in logs.messages[:2]] == [("out", "A"), ("in", "A")]
        assert [(message.direction, message.tags[35]) for message in logs.messages[-2:]] == [("out", "5"), ("in", "5")]


def test_every_sequence_number_is_accounted_for(written) -> None:
    for logs, truth in _truths(written):
        expected = dict(truth.first_seq_num)
        gaps = iter(truth.gaps)
        missing: set[int] = set()
        for message in logs.messages:
            way, tags = message.direction, message.tags
            if tags.get(43) == "Y":
                assert _instant(tags[122]) <= _instant(tags[52])
                assert message.seq < expected[way]
                if way == "in":
                    last = int(tags[36]) if tags.get(123) == "Y" else message.seq + 1
                    missing -= set(range(message.seq, last))
                continue
            if tags.get(141) == "Y" and way == "out" and message.seq == 1:
                expected = {"in": 1, "out": 1}
                assert not missing
            if way == "in" and message.seq > expected["in"]:
                gap = next(gaps)
                assert (gap.first, gap.last) == (expected["in"], message.seq - 1)
                missing |= set(range(gap.first, message.seq))
                expected["in"] = message.seq
            assert message.seq == expected[way], message.raw
            expected[way] += 1
        assert next(gaps, None) is None
        assert not missing
        assert expected == truth.next_seq_num


def test_gap_is_asked_for_at_once_and_before_anything_new_arrives(written) -> None:
    seen = 0
    for logs, truth in _truths(written):
        for gap in truth.gaps:
            at = next(
                n for n, m in enumerate(logs.messages) if m.direction == "out" and m.tags.get(7) == str(gap.first)
            )
            request = logs.messages[at]
            assert request.tags[35] == "2"
            incoming = [message for message in logs.messages[at:] if message.direction == "in"]
            resent = incoming[: gap.resent + gap.gap_filled + 1]
            assert all(message.tags.get(43) == "Y" for message in resent)
            assert [message.seq for message in resent] == list(range(gap.first, gap.last + 2))
            assert sum(message.tags[35] == "4" for message in resent) == gap.gap_filled + 1
            assert all(message.tags[35] not in ADMINISTRATIVE - {"4"} for message in resent)
            seen += 1
    assert seen


def test_messages_sent_again_are_the_messages_first_sent(written) -> None:
    def content(message):
        return [pair for pair in message.pairs if pair[0] not in (9, 10, 34, 43, 52, 122)]

    compared = 0
    for logs in written.sessions:
        first: dict[int, object] = {}
        for message in logs.messages:
            if message.direction != "out" or message.tags[35] == "4":
                continue
            if message.tags.get(43) == "Y":
                original = first[message.seq]
                assert content(original) == content(message)
                assert message.tags[122] == original.tags[52]
                compared += 1
            else:
                first[message.seq] = message
    assert compared


def test_neither_side_is_silent_for_longer_than_a_test_request_allows(written) -> None:
    for logs, truth in _truths(written):
        if truth.disconnects:
            continue
        interval = timedelta(seconds=int(logs.messages[0].tags[108]))
        for direction in ("in", "out"):
            times = [message.at for message in logs.messages if message.direction == direction]
            assert max(later - earlier for earlier, later in pairwise(times)) < 1.3 * interval


def test_test_requests_are_answered_with_their_id(written) -> None:
    asked = defaultdict(list)
    for logs, truth in _truths(written):
        requests = [m for m in logs.messages if m.tags[35] == "1"]
        assert Counter(m.direction for m in requests) == Counter(truth.test_requests)
        for request in requests:
            answer = next(
                m
                for m in logs.messages
                if m.at >= request.at
                and m.direction != request.direction
                and m.tags[35] in "04"
                and m.tags.get(112, "") == request.tags[112]
            )
            assert answer.at - request.at < timedelta(seconds=60)
            asked[request.direction].append(request)
    assert asked["in"]
    assert asked["out"]


def test_truth_counts_messages_by_direction_and_type(written) -> None:
    for logs, truth in _truths(written):
        counted = {way: Counter(m.tags[35] for m in logs.messages if m.direction == way) for way in ("in", "out")}
        assert {way: dict(types) for way, types in counted.items()} == truth.messages
        possible = Counter(m.direction for m in logs.messages if m.tags.get(43) == "Y")
        assert {way: possible[way] for way in ("in", "out")} == truth.poss_dups
        asked = Counter(m.direction for m in logs.messages if m.tags[35] == "2")
        assert {way: asked[way] for way in ("in", "out")} == truth.resend_requests
        assert truth.logons == counted["in"]["A"]
        stamps = [m.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for m in logs.messages]
        assert (truth.first_log_time, truth.last_log_time) == (stamps[0], stamps[-1])


@pytest.mark.parametrize("tag", [554, 96])
def test_logons_carry_secrets_to_mask(written, tag: int) -> None:
    secrets = [m.tags[tag] for logs in written.sessions for m in logs.messages if m.tags[35] == "A" and tag in m.tags]
    assert secrets
    assert all(len(secret) > 8 for secret in secrets)


def test_numbers_restart_only_where_both_logons_say_so(written) -> None:
    for logs, truth in _truths(written):
        logons = [message for message in logs.messages if message.tags[35] == "A"]
        flagged = [message for message in logons if message.tags.get(141) == "Y"]
        daily = 1 if flagged else 0
        assert [m.direction for m in flagged] == ["out", "in"] * (daily + truth.sequence_resets)
        assert all(message.seq == 1 for message in flagged)


def test_a_week_of_mishaps_has_every_kind(written) -> None:
    sessions = written.truth.sessions
    assert sum(session.sequence_resets for session in sessions)
    assert {session.session.split(":")[0] for session in sessions} == {"FIX.4.0", "FIX.4.2", "FIX.4.4", "FIXT.1.1"}
    assert sum(session.disconnects for session in sessions)
    assert sum(gap.resent for session in sessions for gap in session.gaps)
    assert sum(gap.gap_filled for session in sessions for gap in session.gaps)
    assert sum(session.poss_dups["out"] for session in sessions)
    assert any(session.first_seq_num["in"] > 1 for session in sessions)
    assert all(reject in {r.kind for r in written.truth.rejects} for reject in ("session", "business", "unknown_order"))

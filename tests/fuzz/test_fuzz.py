from __future__ import annotations

import random
from collections import Counter

import pytest

from fix_transforms.fix import assembly, framing
from tests.fuzz.checking import Outcome, check
from tests.fuzz.mutation import Mutator, repaired
from tests.fuzz.seeds import seed_logs, wire
from tests.fuzz.shrinking import shrink
from tests.fuzz.units import run_unit

MESSAGE = wire((35, b"D"), (34, b"1"), (58, b"text"))


def test_no_mutated_input_fails_the_parser():
    total = Outcome()
    for number in range(20):
        outcome, failures = run_unit(2024, number, seconds_to_shrink=5)
        assert [(failure.content, failure.error) for failure in failures] == []
        total.merge(outcome)
    assert total.inputs == 2_000
    assert total.kinds["messages"] > 1_000
    assert total.kinds["messages.framing=body_length"] > 500
    assert total.kinds["messages.framing=scan"] > 100
    assert {"truncated", "garbled", "fragment", "binary", "undecodable"} <= {
        kind.partition("=")[2] for kind in total.kinds if kind.startswith("quarantine.")
    }


def test_same_seed_makes_the_same_inputs():
    logs = seed_logs()
    one, other = (Mutator(logs, random.Random(5)) for _ in range(2))
    assert [one.next() for _ in range(200)] == [other.next() for _ in range(200)]


@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b";"])
def test_repaired_message_adds_up(delimiter):
    damaged = MESSAGE.replace(b"text", b"longer text").replace(b"\x01", delimiter)
    whole = wire((35, b"D"), (34, b"1"), (58, b"longer text")).replace(b"\x01", delimiter)
    assert repaired(damaged, lengths=True) == whole
    assert repaired(damaged, lengths=False)[-4:] != damaged[-4:]


def test_shrinking_leaves_only_what_fails():
    assert shrink(b"aaaa" * 50 + b"needle" + b"bbb" * 70, lambda content: b"needle" in content) == b"needle"


# ---- the checks themselves find what is wrong ----


def test_a_lost_byte_is_found(monkeypatch):
    take = assembly.Account.take

    def loses_a_byte(self, lead, start, end, kind):
        take(self, lead, start, end - (kind == "message"), kind)

    monkeypatch.setattr(assembly.Account, "take", loses_a_byte)
    with pytest.raises(AssertionError, match="unaccounted"):
        check(MESSAGE + b"\n" + MESSAGE, {})


def test_a_wrong_line_is_found(monkeypatch):
    init = framing.Framer.__init__

    def starts_late(self, chunks, limit, offset=0, line=1, *rest, **named):
        init(self, chunks, limit, offset, line + 1, *rest, **named)

    monkeypatch.setattr(framing.Framer, "__init__", starts_late)
    with pytest.raises(AssertionError, match="line 2 at 0"):
        check(MESSAGE, {})


def test_counts_of_units_add_up():
    first, second = run_unit(1, 0)[0], run_unit(1, 1)[0]
    kinds = Counter(first.kinds) + Counter(second.kinds)
    first.merge(second)
    assert (first.inputs, first.kinds) == (200, kinds)

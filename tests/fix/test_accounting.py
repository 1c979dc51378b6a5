from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.accounting import Account
from fix_transforms.fix.options import Tally
from fix_transforms.fix.segments import Scanned

#: Segments of a run: how many bytes of decoration come first, how long it is, whether it is a message.
SEGMENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans()), min_size=1, max_size=6
)  # fmt: skip
#: Runs, each with whether a quarantined stretch of three bytes comes before it, and whether a store starts with it.
RUNS = st.lists(st.tuples(st.booleans(), st.booleans(), SEGMENTS), min_size=1, max_size=8)


def store_of(segments):
    columns = {}
    for name, is_message in (("rows", True), ("events", False)):
        spans = [(start, end) for start, end, kind in segments if kind == is_message]
        starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
        columns[name] = SimpleNamespace(start=starts.copy(), end=ends.copy())
    return SimpleNamespace(**columns)


def runs_of(drawn):
    """What to do: ("quarantine", lead, start, end), or a run with its segments."""
    position, steps, group = 0, [], []
    for is_torn, opens_store, segments in drawn:
        if is_torn:
            steps.append(("quarantine", position, position, position + 3))
            position += 3
        if opens_store or not group:
            group = []
        lead, first, placed = position, len(group), []
        for gap, size, is_message in segments:
            placed.append((position + gap, position + gap + size, is_message))
            position += gap + size
        group.extend(placed)
        steps.append((lead, position, group, first, placed))
    return steps, position


def taken(steps, edit=lambda stores: None):
    stores = {id(step[2]): store_of(step[2]) for step in steps if step[0] != "quarantine"}
    edit(list(stores.values()))
    account = Account(0)
    for step in steps:
        if step[0] == "quarantine":
            account.take(*step[1:], "quarantine")
            continue
        lead, end, group, first, placed = step
        row = sum(kind for _, _, kind in group[:first])
        messages = sum(kind for _, _, kind in placed)
        event, lines = first - row, len(placed) - messages
        store = stores[id(group)]
        account.take_run(Scanned(store, lead, end, row, row + messages, event, event + lines, end, 1, 1))
    return account


def one_by_one(steps):
    account = Account(0)
    for step in steps:
        if step[0] == "quarantine":
            account.take(*step[1:], "quarantine")
            continue
        lead = step[0]
        for start, end, is_message in step[4]:
            account.take(lead, start, end, "message" if is_message else "log_event")
            lead = end
    return account


@settings(max_examples=200, deadline=None)
@given(RUNS)
def test_runs_are_counted_as_their_segments_one_by_one(drawn):
    steps, end = runs_of(drawn)
    counted = taken(steps).close(Tally(), end)
    assert counted == one_by_one(steps).close(Tally(), end)
    assert counted.untiled_bytes == 0


@settings(max_examples=100, deadline=None)
@given(RUNS, st.sampled_from(["start", "end"]), st.sampled_from([-40, 40]), st.data())
def test_a_segment_that_is_elsewhere_shows(drawn, bound, shift, data):
    steps, end = runs_of(drawn)

    def move(stores):
        columns = [getattr(found, bound) for store in stores for found in (store.rows, store.events)]
        column = data.draw(st.sampled_from([column for column in columns if len(column)]))
        column[data.draw(st.integers(0, len(column) - 1))] += shift

    assert taken(steps, move).close(Tally(), end).untiled_bytes > 0


@pytest.mark.parametrize("lead", [0, 2, 9])
def test_a_run_that_does_not_start_where_the_last_one_ended_shows(lead):
    store = store_of([(0, 5, True), (lead + 1, 12, True)])
    account = Account(0)
    account.take_run(Scanned(store, 0, 5, 0, 1, 0, 0, 5, 1, 1))
    account.take_run(Scanned(store, lead, 12, 1, 2, 0, 0, 12, 1, 1))
    assert account.close(Tally(), 12).untiled_bytes == abs(lead - 5)

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event, current_thread, main_thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.frames import TAG_COLUMNS
from fix_transforms.fix.scanner import parts
from fix_transforms.simulate import simulate
from tests.fix.same_rows import assert_same_rows, first_difference, rows_of
from tests.fuzz.mutation import Mutator
from tests.fuzz.seeds import NASTY_VALUES, SPELLINGS, seed_logs, wire

HEAD = ((49, b"DESK"), (56, b"VENUE"), (34, b"7"), (52, b"20240102-09:30:00.123"))
ORDER = wire((35, b"D"), *HEAD, (11, b"A-1"), (55, b"MSFT"), (54, b"1"), (38, b"100"), (44, b"10.25"))
PARTIES = wire((35, b"D"), *HEAD, (453, b"2"), (448, b"A"), (447, b"D"), (448, b"B"), (55, b"MSFT"))


@pytest.fixture(scope="module")
def simulated() -> dict[str, bytes]:
    return {
        f"{number}/{file.path}": file.content
        for number, run in enumerate(simulate(12_000, seed=3, damage=0.02).runs())
        for file in run.files
    }


@pytest.fixture
def busy_pool(monkeypatch):
    """A pool whose only thread does other things until it is told to go on."""
    go_on = Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(go_on.wait)
        monkeypatch.setattr(parts, "_pool", lambda threads: pool)
        yield
        go_on.set()


@pytest.fixture
def small_parts(monkeypatch):
    def cut(size: int) -> None:
        monkeypatch.setattr(parts, "LARGEST_PART", size)
        monkeypatch.setattr(parts, "_SMALLEST_PART", max(1, size // 8))

    return cut


def scanned_share(content: bytes) -> float:
    decoders = rows_of([content], decoder="scanner").frames["messages"]["decoder"]
    return (decoders == "scanner").sum() / len(decoders)


def test_simulated_logs_of_every_style_read_the_same(simulated):
    for name, content in simulated.items():
        assert_same_rows(content, source_name=name)


def test_logs_after_one_another_read_the_same(simulated):
    assert_same_rows(b"".join(simulated.values()))


@pytest.mark.parametrize("size", [97, 600, 5_000])
def test_rows_do_not_depend_on_where_parts_end(size, simulated, small_parts):
    content = b"".join(simulated.values())[:400_000]
    expected = rows_of([content], decoder="simplefix")
    small_parts(size)
    assert first_difference(expected, rows_of([content], decoder="scanner")) is None


@pytest.mark.parametrize("threads", [2, 5])
def test_rows_do_not_depend_on_threads(threads, simulated, small_parts):
    content = b"".join(simulated.values())
    expected = rows_of([content], decoder="simplefix")
    small_parts(30_000)
    for _ in range(3):
        assert first_difference(expected, rows_of([content], decoder="scanner", threads=threads)) is None


@pytest.mark.usefixtures("busy_pool")
def test_the_reader_scans_what_no_thread_has_begun(simulated, small_parts):
    content = b"".join(simulated.values())[:400_000]
    expected = rows_of([content], decoder="simplefix")
    small_parts(30_000)
    # Would not come to an end if it waited for the pool.
    assert first_difference(expected, rows_of([content], decoder="scanner", threads=2)) is None


def test_the_reader_scans_later_parts_rather_than_wait(simulated, small_parts, monkeypatch):
    content = b"".join(simulated.values())[:400_000]
    expected = rows_of([content], decoder="simplefix")
    small_parts(30_000)
    begun, by_reader = Event(), Event()

    def scan(self, content):
        if current_thread() is main_thread():
            by_reader.set()
        else:
            begun.set()
            by_reader.wait(60)  # the reader has arrived at this part and would wait for it
        return scan_ahead(self, content)

    def scanned(self, found):
        begun.wait(60)
        return its_scan(self, found)

    scan_ahead, its_scan = parts.Parts._scan_ahead, parts.Parts.scanned
    monkeypatch.setattr(parts.Parts, "_scan_ahead", scan)
    monkeypatch.setattr(parts.Parts, "scanned", scanned)
    assert first_difference(expected, rows_of([content], decoder="scanner", threads=2)) is None
    assert begun.is_set()
    assert by_reader.is_set()


@pytest.mark.parametrize("delimiter", SPELLINGS)
def test_every_spelling_of_soh_reads_the_same(delimiter):
    line = b"20240102-09:30:00.5 : " + ORDER.replace(b"\x01", delimiter)
    for content in (
        b"\n".join([line] * 40),
        b"\r\n".join([line] * 40),
        b"".join([ORDER.replace(b"\x01", delimiter)] * 40),
    ):
        assert_same_rows(content)


@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b";", b"^A", b"<SOH>", b"\\u0001"])
@pytest.mark.parametrize("message", [ORDER, PARTIES], ids=["order", "groups"])
def test_regular_messages_are_scanned(delimiter, message):
    line = b"20240102-09:30:00.5 : " + message.replace(b"\x01", delimiter) + b"\n"
    assert scanned_share(line * 100) > 0.95


def test_signs_after_words_are_text():
    order = wire((35, b"D"), *HEAD, (58, b"limit=5; max_show = 3"))
    line = b"[level=INFO user_id = 7] 20240102-09:30:00.5 : " + order + b"\n20240102-09:30:01 queue=4\n"
    assert scanned_share(line * 100) > 0.95
    assert_same_rows(line * 100)


@pytest.mark.parametrize("text", [b"=", b"a==b", b"554 = x", b"password = x", b'tag="554"', b"44=5", b"x8=FIX.4.4"])
def test_signs_that_may_be_fields_read_the_same(text):
    order = wire((35, b"D"), *HEAD, (58, text))
    assert_same_rows(b"\n".join([ORDER, order, text, text + b" : " + ORDER, ORDER + text, ORDER]))


def test_irregular_messages_do_not_keep_their_neighbours_from_being_scanned():
    odd = wire((35, b"D"), *HEAD, (58, b"a=b"), (95, b"3"), (96, b"x\x01y"))
    assert scanned_share((ORDER * 9 + odd) * 50) > 0.85
    assert_same_rows((ORDER * 9 + odd) * 50)


@pytest.mark.parametrize("value", NASTY_VALUES)
def test_odd_values_of_every_type_read_the_same(value):
    kinds = {columns[0].dtype: tag for tag, columns in TAG_COLUMNS.items() if tag not in (8, 9, 10, 35)}
    assert_same_rows(b"\n".join(wire((35, b"8"), *HEAD, (tag, value)) for tag in kinds.values()) + b"\n" + ORDER)


@pytest.mark.parametrize("value", NASTY_VALUES)
def test_an_odd_time_at_the_start_of_a_log_reads_the_same(value):
    assert_same_rows(wire((35, b"0"), *HEAD[:3], (52, value)) + b"\n" + ORDER)


NUMBERS = st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,14})?", fullmatch=True)
INSTANTS = st.from_regex(
    r"[0-2][0-9]{3}[01][0-9][0-3][0-9](-?[0-2][0-9]:?[0-6][0-9]:?[0-6][0-9](\.[0-9]{0,13})?)?", fullmatch=True
)
TEXTS = st.text(st.characters(exclude_characters="\x01", codec="utf-8"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(set(TAG_COLUMNS) - {8, 9, 10, 35})), NUMBERS | INSTANTS | TEXTS), max_size=60
    )
)
def test_any_values_read_the_same(fields):
    lines = [wire((35, b"8"), (tag, value.encode()), (58, b"x")) for tag, value in fields]
    assert_same_rows(b"\n".join([*lines, ORDER, ORDER]))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([b" ", b"\n", b"\r\n", b"\x00", b")", b" : ", b"->", b"2024-01-02 09:30:00,1 ", b"in ", b"x",
                                 b"incoming:", b"AnnotatedFix: ", b"FIX.4.4:DESK->VENUE: ", b"554:x ", b"=", b"a=b ", b"\xc3\xa9", ORDER, PARTIES,
                                 ORDER[:40], ORDER.replace(b"=MSFT", b"=MSFU")]), max_size=30))  # fmt: skip
def test_anything_around_messages_reads_the_same(pieces):
    assert_same_rows(b"".join([ORDER, *pieces, ORDER]))


def test_a_logon_in_the_middle_changes_the_groups_of_what_follows(small_parts):
    def message(msg_type: bytes, *fields: tuple[int, bytes]) -> bytes:
        return wire((35, msg_type), *HEAD, *fields, begin=b"FIXT.1.1") + b"\n"

    sides = message(b"AE", (552, b"1"), (54, b"1"), (37, b"X"), (2668, b"1"), (2669, b"Y"), (55, b"A"))
    content = b"".join(
        message(b"A", (98, b"0"), (108, b"30"), (1137, version)) + sides * 30 for version in (b"4", b"9", b"2", b"9")
    )
    assert_same_rows(content)
    small_parts(4_000)
    assert_same_rows(content, threads=3)


@pytest.mark.parametrize("days", [[2, 3], [2, 3, 4, 5], [3, 2], [2, 2, 3]])
def test_groups_of_messages_of_following_days_read_the_same(days):
    sent = [PARTIES.replace(b"52=20240102", b"52=202401%02d" % day) for day in days]
    fields = [[field.split(b"=", 1) for field in message.split(b"\x01")[2:-2]] for message in sent]
    assert_same_rows(b"".join(wire(*((int(tag), value) for tag, value in message)) for message in fields))


def test_a_log_that_writes_every_message_twice_reads_the_same():
    pair = b"20240102-09:30:00 Recv: " + ORDER + b"\n20240102-09:30:00 Driver Inbound: " + ORDER + b"\n"
    plain = b"20240102-09:30:00 Recv: " + PARTIES + b"\n"
    assert_same_rows(plain * 50 + pair + plain * 50 + pair * 3 + plain)


def test_more_shapes_of_prefixes_than_are_remembered_read_the_same():
    names = ["".join(random.Random(number).choices("abcdefgh", k=8)) for number in range(3_000)]
    assert_same_rows(b"".join(b"[%s] Received: " % name.encode() + ORDER + b"\n" for name in names))


def test_mutated_logs_read_the_same():
    mutator = Mutator(seed_logs(), random.Random(11))
    for _ in range(40):
        assert_same_rows(b"\n".join(mutator.next() for _ in range(50)))


def test_offsets_and_lines_go_on_where_a_resumed_file_starts(simulated):
    content = max(simulated.values(), key=len)
    assert_same_rows(content, start_offset=1_000, first_message_index=7, first_line_number=11)

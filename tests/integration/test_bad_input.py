from __future__ import annotations

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb
import polars as pl
import pytest

pytestmark = pytest.mark.integration

FIXLAKE = Path(sys.executable).with_name("fixlake")
SOH = b"\x01"
SECRET = b"hush-hush1"
#: What no terminal may get: C0 but tab and line feed, DEL, C1, and what turns the direction of writing.
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HOSTILE = (
    b"<script>alert(1)</script>", b"Robert'); DROP TABLE fct_orders;--", b"\x1b[31mred\x1b]0;title\x07", b"nul\x00nul",
    "\u202egnissem".encode(), b"not utf-8 \xff\xfe", b"{{ 7*7 }}", b"[bold]markup[/bold]", b"=1+1", b"a\rb\nc", b"\xc2\x9b31m",
)  # fmt: skip
MESSAGES_OF_GOOD_LOGS = 300
_numbers = count(1)


def message(*pairs: tuple[int | str, bytes | str], checksum: int | None = None, logon: bool = False) -> bytes:
    number = next(_numbers)
    fields: dict[int | str, bytes | str] = {
        35: "D", 34: str(number), 49: "HOSTILE", 56: "VENUE", 52: "20240102-10:00:00.000", 11: f"bad-{number}", 55: "IBM", 54: "1",
        38: "100", 40: "2", 44: "10.5", 60: "20240102-10:00:00.000",
    }  # fmt: skip
    if logon:
        fields = {35: "A", 34: str(number), 49: "HOSTILE", 56: "VENUE", 52: "20240102-09:00:00", 98: "0", 108: "30"}
    fields |= dict(pairs)
    body = b"".join(
        str(tag).encode() + b"=" + (value.encode() if isinstance(value, str) else value) + SOH
        for tag, value in fields.items()
    )
    wire = b"8=FIX.4.4\x019=%d\x01%s" % (len(body), body)
    return wire + b"10=%03d\x01" % (sum(wire) % 256 if checksum is None else checksum)


def lines(*messages: bytes) -> bytes:
    return b"".join(one + b"\n" for one in messages)


def torn_logons() -> bytes:
    whole = message((553, "someone"), (554, SECRET), (925, SECRET), logon=True)
    at = whole.index(b"554=")
    cuts = [whole[: at + 4], whole[: at + 9], whole[:-3], whole.replace(SOH, b"|")[:-12]]
    printed = (b"Password(554)=" + SECRET, b'{"553":"someone","554":"' + SECRET + b'"}')
    return lines(*cuts, whole[at:], whole[at - 3 :], b"Logon 554 = " + SECRET, *printed, message())


def bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)) + squeeze.flush()


def files() -> dict[str, bytes]:
    good = lines(*(message() for _ in range(20)))
    embedded = message()
    return {
        "truncated.log": good[:-30],
        "noise.log": random.Random(1).randbytes(300_000),
        "empty.log": b"",
        "checksums.log": lines(*(message(checksum=0) for _ in range(50))),
        "long-line.log": b"x" * 20_000_000,
        "long-message.log": b"8=FIX.4.4|9=100|" + b"y" * 20_000_000,
        "hostile.log": lines(*(message((55, text), (1, text), (58, text), (11, text)) for text in HOSTILE)),
        "passwords.log": torn_logons(),
        "embedded.log": lines(message((212, str(len(embedded))), (213, embedded)), message()),
        "numbers.log": lines(*(message((44, text), (38, text)) for text in ("1" + "0" * 40, "-5", "NaN", "1e9", ""))),
        "times.log": lines(*(message((52, text)) for text in ("99991231-23:59:59", "00000101-00:00:00", "never"))),
        "tags.log": lines(message(("1" * 30, "x")), message((0, "x")), message(("x", "y")), message()),
        "raw.log": lines(message((95, "2000000"), (96, random.Random(2).randbytes(2_000_000))), message()),
        "bomb.log.gz": bomb(80),
        "cut.log.gz": gzip.compress(good)[:-20],
        "it's; drop table x;--.log": lines(message()),
        "--help.log": lines(message()),
        "\u202elog.txt.log": lines(message()),
        "<img src=x onerror=alert(1)>.log": lines(message()),
        f"{'long' * 60}.log": lines(message()),
        "esc\x1b[31m.log": lines(message()),
        "new\nline.log": lines(message()),
    }


def fixlake(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FIXLAKE, *arguments, "--home", home], capture_output=True, encoding="utf-8", timeout=120, check=False
    )


@dataclass(frozen=True)
class House:
    home: Path
    first: subprocess.CompletedProcess[str]

    @property
    def landing(self) -> Path:
        return self.home / "textfixlogs"

    def table(self, name: str) -> pl.DataFrame:
        return pl.scan_delta(str(self.home / "parquetfixlogs" / name)).collect()

    def file(self, key: str) -> dict[str, object]:
        return self.table("ingested_files").row(by_predicate=pl.col("object_key") == key, named=True)

    def reasons(self, key: str) -> dict[str, int]:
        found = self.table("quarantine").filter(pl.col("file_id") == self.file(key)["file_id"])
        return dict(found["reason"].value_counts().iter_rows())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    home = tmp_path_factory.mktemp("bad-input") / "home"
    landing = home / "textfixlogs"
    landing.mkdir(parents=True)
    for name, content in files().items():
        (landing / name).write_bytes(content)
    (landing / "folder.log").mkdir()
    (landing / "dangling.log").symlink_to(home / "nowhere")
    (landing / "itself.log").symlink_to("itself.log")
    os.mkfifo(landing / "pipe.log")
    simulated = [FIXLAKE, "simulate", "-n", str(MESSAGES_OF_GOOD_LOGS), "--out", landing / "good"]
    subprocess.run(simulated, check=True, capture_output=True, timeout=60)
    return House(home, fixlake("run", home=home))


def test_bad_files_do_not_stop_the_good_ones(house):
    good = house.table("ingested_files").filter(pl.col("object_key").str.starts_with("good/"))
    assert good["messages"].sum() == MESSAGES_OF_GOOD_LOGS
    assert set(good["status"]) <= {"ingested", "no_messages"}
    assert (house.home / "published" / "current").is_dir()


def test_a_run_that_lost_files_says_so_and_exits_with_1(house):
    assert house.first.returncode == 1
    assert "4 files cannot be read, ever" in house.first.stdout
    assert house.first.stderr == ""


def test_every_file_has_one_row_and_every_byte_of_it_is_accounted_for(house):
    landed = {path for path in house.landing.rglob("*") if path.is_file()}
    found = house.table("ingested_files")
    assert found.height == len(landed)
    readable = found.filter(pl.col("status") != "unreadable")
    kinds = ("message_bytes", "quarantined_bytes", "log_event_bytes", "decoration_bytes")
    assert readable["content_bytes"].to_list() == readable["object_bytes"].to_list()
    assert readable["content_bytes"].to_list() == readable.select(pl.sum_horizontal(kinds)).to_series().to_list()
    assert found["unaccounted_bytes"].sum() == 0


@pytest.mark.parametrize(
    ("key", "status", "messages", "reasons"),
    [
        ("truncated.log", "ingested", 19, {"truncated": 1}),
        ("empty.log", "empty", 0, {}),
        ("checksums.log", "ingested", 50, {}),
        ("long-line.log", "no_messages", 0, {"too_long": 1}),
        ("long-message.log", "no_messages", 0, {"too_long": 1}),
        ("hostile.log", "ingested", len(HOSTILE), {}),
        ("embedded.log", "ingested", 2, {}),
        ("numbers.log", "ingested", 5, {}),
        ("times.log", "ingested", 3, {}),
        ("tags.log", "ingested", 1, {"undecodable": 3}),
        ("raw.log", "ingested", 2, {}),
        ("bomb.log.gz", "unreadable", 0, {"decompression": 1}),
        ("cut.log.gz", "unreadable", 0, {"decompression": 1}),
        (r"esc\x1b[31m.log", "unreadable", 0, {}),
        ("--help.log", "ingested", 1, {}),
        ("it's; drop table x;--.log", "ingested", 1, {}),
    ],
)
def test_the_outcome_of_each_file_is_on_record(house, key, status, messages, reasons):
    stored = key.encode().decode("unicode_escape") if key.startswith("esc") else key
    row = house.file(stored)
    assert (row["status"], row["messages"], house.reasons(stored)) == (status, messages, reasons)
    assert (row["detail"] is not None) == (status == "unreadable")


def test_a_number_or_time_that_cannot_be_is_null_and_named(house):
    messages = house.table("fix_messages")
    numbers = messages.filter(pl.col("file_id") == house.file("numbers.log")["file_id"]).sort("message_index")
    assert [str(price) for price in numbers["price"]] == ["None", "-5.0000000000", "None", "None", "None"]
    assert [44 in tags for tags in numbers["coercion_errors"]] == [True, False, True, True, True]
    times = messages.filter(pl.col("file_id") == house.file("times.log")["file_id"])
    assert all(52 in tags for tags in times["coercion_errors"])
    assert {str(day) for day in times["trading_date"]} == {"1970-01-01"}


def test_no_password_is_anywhere_but_in_the_landing(house):
    assert house.file("passwords.log")["messages"] >= 1
    needle = SECRET.decode()[:8]
    for log in (house.home / "parquetfixlogs").glob("*/_delta_log"):
        rows = house.table(log.parent.name)
        text = rows.select(pl.selectors.string())
        assert not text.select(pl.any_horizontal(pl.all().str.contains(needle, literal=True).any())).to_series().any()
    with duckdb.connect(str((house.home / "published/current/lakehouse.duckdb").resolve()), read_only=True) as marts:
        for schema, table in marts.sql("select table_schema, table_name from information_schema.tables").fetchall():
            found = marts.sql(f'select count(*) from "{schema}"."{table}" as t where t::varchar like \'%{needle}%\'')
            assert found.fetchone() == (0,)
    for folder in ("docs", "build", "spool", "quality"):
        for path in (house.home / folder).rglob("*"):
            assert not path.is_file() or needle.encode() not in path.read_bytes(), path
    assert needle not in house.first.stdout


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_query_shows_hostile_text_without_letting_it_steer_the_terminal(house, form):
    sql = "select symbol, account, text from landing_fix where sender_comp_id = 'HOSTILE' and text is not null"
    shown = fixlake("query", sql, *form, home=house.home)
    assert shown.returncode == 0
    assert "DROP TABLE" in shown.stdout
    assert not UNSAFE.search(shown.stdout)


def test_no_verb_lets_names_or_values_steer_the_terminal(house):
    batch = house.table("ingested_files")["batch_id"][0]
    asked = [
        ("status",),
        ("batches", "list"),
        ("batches", "show", batch),
        ("query", "select object_key from file_integration"),
    ]
    for answer in (house.first, *(fixlake(*arguments, home=house.home) for arguments in asked)):
        assert not UNSAFE.search(answer.stdout + answer.stderr)
    bad = [house.landing / name for name in ("hostile.log", "noise.log", "esc\x1b[31m.log")]
    parsed = subprocess.run([FIXLAKE, "parse", "-e", "-f", *bad], capture_output=True, timeout=60, check=True)
    assert not UNSAFE.search(parsed.stdout.decode() + parsed.stderr.decode())


def test_the_pages_hold_no_markup_of_a_counterparty(house):
    pages = list((house.home / "docs").rglob("*.html"))
    assert pages
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert "<script>alert(1)" not in content
        assert "<img src=x" not in content
        assert "\x1b" not in content


def test_a_second_run_ingests_nothing_and_changes_no_table(house):
    before = json.loads(fixlake("status", "--json", home=house.home).stdout)
    again = fixlake("run", "--json", home=house.home)
    after = json.loads(fixlake("status", "--json", home=house.home).stdout)
    assert again.returncode == 0
    assert json.loads(again.stdout)["files"] == 0
    assert (before["tables"], before["snapshot"]) == (after["tables"], after["snapshot"])
    assert not list((house.home / "spool").glob("batch-*"))


def test_a_killed_run_takes_dbt_with_it_and_the_next_run_finishes_its_work(tmp_path):
    home = tmp_path / "home"
    landing = home / "textfixlogs"
    simulated = [FIXLAKE, "simulate", "-n", "200", "--out", landing]
    subprocess.run(simulated, check=True, capture_output=True, timeout=60)
    dbt_log = home / "build" / "logs" / "dbt.log"
    with subprocess.Popen(
        [FIXLAKE, "run", "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 60
        while not (dbt_log.exists() and dbt_log.stat().st_size):
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    finished = fixlake("run", "--json", home=home)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert json.loads(finished.stdout)["snapshot"] == "v000001"
    status = json.loads(fixlake("status", "--json", home=home).stdout)
    assert (status["messages"], status["batches"]) == (200, {"passed": 1})
    logged = dbt_log.read_text(encoding="utf-8")
    assert logged.count("Running with dbt=") == 2
    assert len(re.findall(r"Command `.*` (?:succeeded|failed) at", logged)) == 1

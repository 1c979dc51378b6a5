from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

LOG = Path(__file__).parent.parent / "data" / "FIX.4.4-DESK-VENUE.messages.current.log"


def fixlake(*arguments, cwd=None, stdin=None):
    command = [sys.executable, "-m", "flows.cli", "parse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, input=stdin, check=False, timeout=120)


def test_a_line_per_message_names_what_happened(tmp_path):
    done = fixlake(LOG, cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert "->  DESK>VENUE #2  NewOrderSingle" in lines[2]
    assert "<-  VENUE>DESK #3  ExecutionReport  TRADE FILLED" in lines[5]
    assert "filled 100 @ 12.49" in lines[5]
    assert "!! truncated" in lines[4]
    assert "5 messages, 1 quarantined, 1 log events in 1 file" in done.stderr
    assert "hunter2" not in done.stdout


def test_summary_as_json_accounts_for_every_byte(tmp_path):
    packed = tmp_path / "copy.log"
    packed.write_bytes(gzip.compress(LOG.read_bytes()))
    done = fixlake(LOG, packed, "--summary", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["files"], found["messages"], found["quarantined"], found["log_events"]) == (2, 10, 2, 2)
    assert found["unaccounted_bytes"] == 0
    assert found["content_bytes"] == 2 * LOG.stat().st_size
    assert [file["compression"] for file in found["per_file"]] == ["none", "gzip"]


def test_fields_are_named_and_masked(tmp_path):
    done = fixlake("--fields", "--limit", 1, LOG, cwd=tmp_path)
    assert "35 MsgType = A  (Logon)" in done.stdout
    assert "554 Password = *******" in done.stdout


VENUE = """<fix type="FIX" major="5" minor="0" servicepack="0"><header/><trailer/><components/>
<messages><message name="VenueNotice" msgtype="UV" msgcat="app"><field name="VenueMood" required="N"/></message></messages>
<fields><field number="9001" name="VenueMood" type="CHAR"><value enum="G" description="GOOD"/></field></fields></fix>"""


def test_names_are_those_of_the_sessions_version_and_of_the_venue(tmp_path):
    (tmp_path / "venue.xml").write_text(VENUE)
    (tmp_path / "s.toml").write_text('[[source]]\nprefix = ""\ndictionary = "venue.xml"\n')
    bodies = ["35=A|34=1|49=ME|56=YOU|98=0|108=30|1137=7", "35=UV|34=1|49=YOU|56=ME|9001=G|40=Q|805=x"]
    lines = [f"8=FIXT.1.1|9={len(body) + 1}|{body}|10=000|" for body in bodies]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    done = fixlake("a.log", "--fields", "--sources", "s.toml", cwd=tmp_path)
    assert "YOU>ME #1  VenueNotice" in done.stdout
    assert "35 MsgType = UV  (VenueNotice)" in done.stdout
    assert "9001 VenueMood = G  (GOOD)" in done.stdout


def test_json_lines_are_messages(tmp_path):
    rows = [json.loads(line) for line in fixlake(LOG, "--json", cwd=tmp_path).stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["message"] * 4 + ["quarantine", "message"]
    assert rows[2]["price"] == "12.5"


def test_validation_is_asked_for_and_shows_its_codes(tmp_path, monkeypatch):
    odd = tmp_path / "odd.log"
    odd.write_bytes(LOG.read_bytes().replace(b"\x0154=1\x01", b"\x0154=Z\x01"))
    assert "[invalid bad_enum:54 checksum]" in fixlake("--validate", odd, cwd=tmp_path).stdout
    summary = fixlake("--validate", "--summary", odd, cwd=tmp_path).stdout
    assert "2 of 5 messages are valid\n" in summary
    assert "         3  bad_enum:54\n         3  checksum\n" in summary
    found = json.loads(fixlake("--validate", "--summary", "--json", odd, cwd=tmp_path).stdout)
    assert (found["judged"], found["valid"], found["validation_errors"]) == (5, 2, {"bad_enum:54": 3, "checksum": 3})
    rows = [json.loads(line) for line in fixlake("--validate", odd, "--json", cwd=tmp_path).stdout.splitlines()]
    assert rows[0]["validation_errors"] == []
    assert "validation_errors" not in json.loads(fixlake(odd, "--json", "-n", 1, cwd=tmp_path).stdout)
    monkeypatch.setenv("FIXLAKE_VALIDATE_MESSAGES", "true")
    assert "bad_enum:54" in fixlake(odd, cwd=tmp_path).stdout
    assert "bad_enum:54" not in fixlake("--no-validate", odd, cwd=tmp_path).stdout


def test_out_writes_a_file_per_table(tmp_path):
    done = fixlake(LOG, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {path.stem: pl.read_parquet(path) for path in (tmp_path / "out").iterdir()}
    assert {name: frame.height for name, frame in found.items()} == {
        "fix_messages": 5, "fix_group_fields": 3, "log_events": 1, "quarantine": 1, "market_data_entries": 0,
    }  # fmt: skip
    assert found["fix_messages"]["file"].unique().to_list() == [str(LOG)]


def test_control_characters_never_reach_the_terminal(tmp_path):
    nasty = tmp_path / "na\x1b[31msty.log"
    nasty.write_bytes(LOG.read_bytes().replace(b"ACME", b"A\x1b[M") + b"\x1b]0;title\x07 event\n")
    done = fixlake(nasty, nasty, "--events", cwd=tmp_path)
    assert "\x1b" not in done.stdout + done.stderr
    done = fixlake(nasty, "--summary", cwd=tmp_path)
    assert "\x1b" not in done.stdout + done.stderr


def test_standard_input_is_read(tmp_path):
    assert fixlake("-", cwd=tmp_path, stdin=LOG.read_text()).stdout.count("ExecutionReport") == 2


@pytest.mark.parametrize(("arguments", "code"), [(["missing.log"], 1), (["."], 1), ([], 2), (["--nonsense", "x"], 2)])
def test_bad_input_is_one_clear_error(tmp_path, arguments, code):
    done = fixlake(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_damaged_compression_is_an_error_and_leaves_no_partial_file(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LOG.read_bytes())[:-20])
    done = fixlake("cut.gz", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert "damaged or cut short" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_heavy_is_imported(tmp_path):
    code = (
        "import sys; from flows.cli.parse import command; from pathlib import Path;"
        f"command([Path({str(LOG)!r})], summary=True);"
        "print([name for name in ('prefect', 'dbt', 'great_expectations', 'deltalake') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

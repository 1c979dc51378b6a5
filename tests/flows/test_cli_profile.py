from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LOG = Path(__file__).parent.parent / "data" / "FIX.4.4-DESK-VENUE.messages.current.log"
BARE = b"2018-03-12 17:37:29,403 INFO RawFix:35=D\x0149=DESK\x0156=VENUE\x0111=C1\x01\n"


def fixlake(verb, *arguments, cwd, stdin=None):
    command = [sys.executable, "-m", "flows.cli", verb, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, input=stdin, check=False, timeout=120)


def test_profile_says_what_was_detected_and_why(tmp_path):
    done = fixlake("profile", LOG, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for expected in (
        "QuickFIX C++ or QuickFIX/n FileLog", "YYYYMMDD-HH:MM:SS.nnn", "the session in the file's name", "body_length",
        "truncated", "FIX.4.4", "[[source]]",
    ):  # fmt: skip
        assert expected in done.stdout, expected


def test_json_holds_counts_per_file_and_the_suggestion(tmp_path):
    packed = tmp_path / "copy.log.gz"
    packed.write_bytes(gzip.compress(LOG.read_bytes()))
    first, second = json.loads(fixlake("profile", "--json", LOG, packed, cwd=tmp_path).stdout)
    assert (first["compression"], second["compression"]) == ("none", "gzip")
    assert (first["messages"], first["quarantined"], first["unaccounted_bytes"]) == (5, 1, 0)
    assert first["direction"] == {"in": 3, "out": 2}
    assert first["seconds_from_sending_time"] == {"2024-03-04": 0}
    assert tomllib.loads(first["suggestion"])["source"][0]["timezone"] == "UTC"


def test_only_the_beginning_is_read_and_never_half_a_line(tmp_path):
    line = LOG.read_bytes().splitlines(keepends=True)[1]
    big = tmp_path / "big.log"
    big.write_bytes(line * (5 * 1024 * 1024 // len(line)))
    found = json.loads(fixlake("profile", "--json", big, cwd=tmp_path).stdout)[0]
    assert 0.99 * 4 * 1024 * 1024 < found["content_bytes"] <= 4 * 1024 * 1024
    assert found["quarantined"] == 0
    assert (
        json.loads(fixlake("profile", "--json", "--all", big, cwd=tmp_path).stdout)[0]["content_bytes"]
        == big.stat().st_size
    )


def test_nothing_of_a_file_controls_the_terminal(tmp_path):
    nasty = tmp_path / "na\x1b[31msty\u202e.log"
    nasty.write_bytes(b"\x1b]0;title\x07 Recv: " + LOG.read_bytes().replace(b"ACME", b"A\x1b[M"))
    for arguments in ((nasty,), ("--json", nasty)):
        done = fixlake("profile", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "\u202e" not in done.stdout


@pytest.mark.parametrize("verb", ["parse", "profile"])
def test_declared_profile_is_used(tmp_path, verb):
    (tmp_path / "s.toml").write_text("[profile.tools4j]\nmessage_start = 'RawFix:'\n", encoding="utf-8")
    (tmp_path / "a.log").write_bytes(BARE)
    summary = ["--summary"] if verb == "parse" else []
    done = fixlake(verb, "a.log", "--json", *summary, "--sources", "s.toml", "--profile", "tools4j", cwd=tmp_path)
    found = json.loads(done.stdout)
    found = found[0] if isinstance(found, list) else found
    assert (found["messages"], found["quarantined"]) == (1, 0)


def test_fields_of_a_message_without_begin_string_are_named(tmp_path):
    (tmp_path / "s.toml").write_text("[profile.a]\nmessage_start = 'RawFix:'\n", encoding="utf-8")
    (tmp_path / "a.log").write_bytes(BARE)
    done = fixlake("parse", "a.log", "--fields", "--sources", "s.toml", "--profile", "a", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "11 ClOrdID = C1" in done.stdout
    assert "8 BeginString" not in done.stdout


def test_zone_that_is_asked_for_wins_over_the_declared_one(tmp_path):
    (tmp_path / "s.toml").write_text('[[source]]\nprefix = ""\ntimezone = "Asia/Tokyo"\n', encoding="utf-8")
    first = {}
    for zone in ([], ["--timezone", "America/New_York"]):
        done = fixlake("parse", LOG, "--json", "-n", 1, "--sources", "s.toml", *zone, cwd=tmp_path)
        first[tuple(zone)] = json.loads(done.stdout)["log_time"]
    declared, asked = first.values()
    assert (declared[11:13], asked[11:13]) == ("23", "13")


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("[[source]]\nprefix = ''\ncolour = 1\n", (), "source[0].colour"),
        ("", ("--profile", "none"), "no such profile"),
        ("[[source]\n", (), "is not TOML"),
    ],
)
def test_broken_sources_stop_before_any_file_is_read(tmp_path, text, arguments, expected):
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    for verb in ("parse", "profile"):
        done = fixlake(verb, "missing.log", "--sources", "s.toml", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stdout == ""
        assert expected in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert "missing.log" not in done.stderr


def test_missing_file_is_one_clear_error(tmp_path):
    done = fixlake("profile", "missing.log", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "fixlake: missing.log: no such file\n")

from __future__ import annotations

import pytest

from fix_transforms.fix.masking import Masker, identity_tags


def test_secrets_are_masked_at_their_length(read, wire):
    message = wire(
        [(35, "A"), (553, "user1"), (554, "p|w=1"), (925, "new"), (1401, "3"), (1402, b"\x01\x02\x03"), (98, "0")]
    )
    found = read(message)
    raw = found.messages["raw"][0]
    assert "553=*****\x01554=*****\x01925=***\x011401=3\x011402=***\x01" in raw
    assert len(raw) == len(message)
    assert found.messages.select("checksum_status", "body_length_ok").row(0) == ("ok", True)


def test_raw_data_is_a_secret_in_logon_only(read, wire):
    fields = [(95, "6"), (96, "s3cret")]
    found = read(wire([(35, "A"), *fields]) + wire([(35, "B"), *fields]))
    assert ["s3cret" in raw for raw in found.messages["raw"]] == [False, True]


def test_secrets_inside_values_are_masked(read, wire):
    inner = wire([(35, "A"), (554, "s3cret")])
    found = read(
        wire([(35, "n"), (212, str(len(inner))), (213, inner)]) + wire([(35, "3"), (58, "bad 554=s3cret; sorry")])
    )
    assert "s3cret" not in found.everything()
    assert set(found.messages["checksum_status"]) == {"ok"}


@pytest.mark.parametrize(
    "text", ["Logon 553=joe|554=s3cret|98=0", "[Password]554=s3cret tail", "x 0554=s3cret", "554=s3cret"]
)
def test_events_and_prefixes_are_masked(read, heartbeat, text):
    found = read(text.encode() + b"\n" + text.encode() + b" " + heartbeat + b"\n")
    assert "s3cret" not in found.everything()
    assert found.tally.messages == 1


@pytest.mark.parametrize(
    "soh", ["\\x1", "\\1", "\\001", "\\0001", "%01", "#001", "=01", "\\u0001", "\\U00000001", "\\x01"]
)
def test_digit_that_ends_a_spelling_of_soh_is_no_part_of_the_tag(read, wire, soh):
    logon = wire([(35, "A"), (554, "s3cret"), (98, "0")]).decode().replace("\x01", soh)
    torn, rest = logon[: logon.index("10=")], logon[logon.index("35=") :]
    refused = logon.replace(f"98=0{soh}", f"98=0{soh}x=1{soh}")
    for line in (torn, rest, refused, f"sent {soh}554=s3cret{soh}98=0"):
        assert "s3cret" not in read(line.encode() + b"\n").everything()


def test_secret_on_the_line_after_its_tag_is_masked(read):
    found = read(b"8=FIX.4.4|9=90|35=A|49=A|554=\ns3cret|98=0|108=30|\n")
    assert "s3cret" not in found.everything()


def test_accounts_and_parties_become_pseudonyms_with_a_key_only(read, wire):
    message = wire(
        [(35, "D"), (1, "ACC-77"), (11, "C1"), (453, "1"), (448, "PARTY-9"), (447, "D"), (452, "1"), (55, "ACME")]
    )
    assert read(message).messages["account"].to_list() == ["ACC-77"]
    found = read(message + message + message[:60] + b"\n", mask_key=b"key")
    assert "ACC-77" not in found.everything()
    assert "PARTY-9" not in found.everything()
    accounts = found.messages["account"].to_list()
    assert accounts[0] == accounts[1] != read(message, mask_key=b"other").messages["account"][0]
    assert f"\x011={accounts[0]}\x01" in found.messages["raw"][0]
    assert accounts[0] in found.quarantine["excerpt"][0]
    assert found.messages["checksum_status"].to_list() == ["ok", "ok"]
    assert found.group_fields.filter(tag=448)["value"].n_unique() == 1


def test_identities_are_known_by_their_names():
    assert {1, 79, 109, 440, 448, 523, 524, 1117} <= identity_tags()
    assert not {11, 37, 49, 54, 55, 56, 447, 452} & identity_tags()


def test_text_without_secrets_is_left_alone():
    text = b"1554=x 39=2|price=5|4554=a|Level 1=2"
    assert Masker().mask_text(text) == text

from pathlib import Path

import pytest

from fix_transforms.errors import SettingsError
from fix_transforms.fix import ParseOptions, parse
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.settings import load_settings
from fix_transforms.sources import load_sources
from fix_transforms.workspace import Workspace

#: A venue's own group in its NewOrderSingle: 20001 counts 20002.
OVERLAY = """<fix type="{kind}" major="{major}" minor="{minor}">
 <header/><trailer/>
 <messages><message name="NewOrderSingle" msgtype="D" msgcat="app">
  <field name="ClOrdID" required="Y"/><group name="NoVenueLegs" required="N"><field name="VenueLeg" required="N"/></group>
 </message></messages>
 <components/>
 <fields>
  <field number="11" name="ClOrdID" type="STRING"/>
  <field number="20001" name="NoVenueLegs" type="NUMINGROUP"/><field number="20002" name="VenueLeg" type="STRING"/>
 </fields>
</fix>"""


def overlay(version: str = "FIX.4.4") -> str:
    kind, major, minor = version.split(".")
    return OVERLAY.format(kind=kind, major=major, minor=minor)


def order(sender: str = "DESK", begin: str = "FIX.4.4", target: str = "VENUE") -> bytes:
    body = f"35=D|49={sender}|56={target}|34=1|11=C1|20001=2|20002=X|20002=Y|".replace("|", "\x01")
    start = f"8={begin}|9={len(body)}|".replace("|", "\x01") + body
    return f"{start}10={sum(start.encode()) % 256:03d}\x01\n".encode()


def write(folder: Path, text: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.xml").write_text(content, encoding="utf-8")
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def options(path: Path, key: str, **more: object) -> ParseOptions:
    return ParseOptions.from_settings(load_settings(sources=path), key, **more)  # type: ignore[arg-type]


def grouped(options: ParseOptions, content: bytes) -> int:
    return sum(chunk.group_fields.height for chunk in parse([content], options))


def test_source_with_the_longest_prefix_decides(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [[source]]
        prefix = ""
        timezone = "Europe/London"
        [[source]]
        prefix = "broker/"
        timezone = "America/New_York"
        validate = true
        local = "DESK"
        [[source]]
        prefix = "broker/fx/"
        profile = "fx"
        [profile.fx]
        timezone = "Asia/Tokyo"
        incoming = "from"
        """,
    )
    found = {key: options(path, key) for key in ("a.log", "broker/a.log", "broker/fx/a.log")}
    assert [each.timezone for each in found.values()] == ["Europe/London", "America/New_York", "Asia/Tokyo"]
    assert [each.validate for each in found.values()] == [False, True, False]
    assert [each.local for each in found.values()] == [set(), {"DESK"}, set()]
    assert [each.rules is not None for each in found.values()] == [False, False, True]


def test_without_a_file_the_settings_decide() -> None:
    found = ParseOptions.from_settings(load_settings(timezone="Asia/Tokyo", validate_messages=True), "a.log")
    assert (found.timezone, found.validate, found.rules, found.source_name) == ("Asia/Tokyo", True, None, "a.log")


def test_profile_may_be_named_for_one_reading(tmp_path: Path) -> None:
    path = write(tmp_path, "[profile.a]\nmessage_start = 'RawFix:'")
    rules = options(path, "x.log", profile="a").rules
    assert rules is not None
    assert rules.name == "a"
    with pytest.raises(SettingsError, match="no such profile; got 'b'; expected a"):
        options(path, "x.log", profile="b")
    with pytest.raises(SettingsError, match="expected a sources file"):
        ParseOptions.from_settings(load_settings(), "x.log", profile="a")


def test_overlay_of_a_source_unfolds_its_groups(tmp_path: Path) -> None:
    path = write(tmp_path, '[[source]]\nprefix = "venue/"\ndictionary = ["venue.xml"]', venue=overlay())
    assert grouped(options(path, "venue/a.log"), order()) == 2
    assert grouped(options(path, "other/a.log"), order()) == 0


def test_overlay_lies_over_its_own_version_only(tmp_path: Path) -> None:
    path = write(tmp_path, '[[source]]\nprefix = ""\ndictionary = "venue.xml"', venue=overlay("FIX.4.2"))
    assert grouped(options(path, "a.log"), order(begin="FIX.4.2")) == 2
    assert grouped(options(path, "a.log"), order(begin="FIX.4.4")) == 0


def test_overlay_of_the_session_layer_lies_over_fix_5(tmp_path: Path) -> None:
    path = write(tmp_path, '[[source]]\nprefix = ""\ndictionary = "venue.xml"', venue=overlay("FIXT.1.1"))
    assert grouped(options(path, "a.log"), order(begin="FIXT.1.1")) == 2
    assert grouped(options(path, "a.log"), order(begin="FIX.4.4")) == 0


@pytest.mark.parametrize(
    ("begin", "expected"), [("", 4), ('begin_string = "FIX.4.4"', 4), ('begin_string = "FIX.4.2"', 0)]
)
def test_overlay_of_a_session_is_for_both_its_directions(tmp_path: Path, begin: str, expected: int) -> None:
    text = f'[[session]]\nsender = "DESK"\ntarget = "VENUE"\n{begin}\ndictionary = "venue.xml"'
    log = order() + order(sender="VENUE", target="DESK") + order(sender="OTHER")
    assert grouped(options(write(tmp_path, text, venue=overlay()), "a.log"), log) == expected


def test_application_version_of_a_session_holds_until_its_logon(tmp_path: Path) -> None:
    text = '[[session]]\nsender = "DESK"\ntarget = "VENUE"\napplication_version = "FIX.4.2"\n[[source]]\nprefix = "a"'
    path = write(tmp_path, text + '\ndictionary = "venue.xml"', venue=overlay("FIX.4.2"))
    log = order(begin="FIXT.1.1", sender="VENUE", target="DESK")
    logon = b"8=FIXT.1.1|9=38|35=A|49=DESK|56=VENUE|1137=9|98=0|108=9|10=000|\n"
    assert grouped(options(path, "a.log"), log) == 2
    assert grouped(options(path, "a.log"), order(begin="FIXT.1.1", sender="OTHER")) == 0
    assert grouped(options(path, "a.log"), logon + log) == 0
    assert options(path, "b.log").agreed_versions == options(path, "a.log").agreed_versions


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ("[[source]]", "source[0].prefix", "Field required"),
        ('[[source]]\nprefix = 3', "source[0].prefix", "valid string"),
        ('[[source]]\nprefix = ""\ncolour = "red"', "source[0].colour", "one of the keys"),
        ('[[source]]\nprefix = ""\ntimezone = "Mars/Olympus"', "source[0].timezone", "got 'Mars/Olympus'; expected an IANA"),
        ('[[source]]\nprefix = ""\nprofile = "x"', "source[0].profile", "no such profile"),
        ('[[source]]\nprefix = "a"\n[[source]]\nprefix = "a"', "the file", "one [[source]] for prefix 'a'"),
        ('[[source]]\nprefix = ""\ndictionary = "none.xml"', "source[0].dictionary", "No such file"),
        ('[[source]]\nprefix = ""\ndictionary = "bad.xml"', "source[0].dictionary", "not a QuickFIX dictionary"),
        ('[[source]]\nprefix = ""\ndictionary = "odd.xml"', "source[0].dictionary", "no dictionary of this version"),
        ('[[session]]\nsender = "A"\ndictionary = "x.xml"', "session[0].target", "Field required"),
        ('[[session]]\nsender = "A"\ntarget = "B"', "session[0]", "expected dictionary, application_version or both"),
        ('[[session]]\nsender = "A"\ntarget = "B"\napplication_version = "FIXT.1.1"', "session[0].application_version", "one of FIX.4.0"),
        ("[profile.x]\nline = '(a+)+'", "profile.x.line", "exponential"),
        ("[profile.x]\nline = '(?P<clock>.*)'", "profile.x", "groups named"),
        ("[profile.x]\nline = '((?P<message>.*))'", "profile.x", "message comes last"),
        ("[profile.x]\nline = 'a'\ntime = 'b'", "profile.x", "not both"),
        ("[profile.x]\nnoise = ['(']", "profile.x.noise[0]", "no regular expression"),
        ("[profile.x]\ntime_format = '%H:%M'", "profile.x", "names no %Y or %y"),
        ("[profile.x]\nbegin_string = 'FIX.9'", "profile.x.begin_string", "one of FIX.4.0"),
        ("[profile.x]\ndirection_from = 'line_before'", "profile.x", "incoming and outgoing"),
        ("[profile.x]\ndirection_from = 'sky'", "profile.x.direction_from", "'line', 'line_before' or 'file'"),
        ("[profile.x]\nmessage_end = 'x'", "profile.x", "message_start beside"),
        ("[profile.x]\ndelimiter = '8'", "profile.x", "delimiter of 1 to"),
        ("[[source]\n", "", "is not TOML"),
    ],
)  # fmt: skip
def test_broken_file_is_one_error_that_names_the_key(tmp_path: Path, text: str, where: str, expected: str) -> None:
    path = write(tmp_path, text, bad="<other/>", odd=overlay("FIX.4.9"))
    with pytest.raises(SettingsError) as raised:
        load_sources(path)
    assert str(path) in str(raised.value)
    assert where in str(raised.value)
    assert expected in str(raised.value)


def test_missing_file_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_sources(tmp_path / "none.toml")


def test_file_is_read_again_when_it_or_its_dictionary_changes(tmp_path: Path) -> None:
    path = write(tmp_path, '[[source]]\nprefix = ""\ndictionary = "venue.xml"', venue=overlay("FIX.4.2"))
    first = load_sources(path)
    assert load_sources(path) is first
    (tmp_path / "venue.xml").write_text(f"{overlay('FIX.4.4')}\n\n", encoding="utf-8")
    assert grouped(options(path, "a.log"), order()) == 2


def test_broken_file_stops_a_run_before_any_object_is_read(workspace: Workspace, land, fix_log, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    land(workspace, "a.log", fix_log(2))
    broken = workspace.settings.model_copy(update={"sources": write(tmp_path, "[profile.x]\nnoise = '('")})
    stopped = Workspace.from_settings(broken)
    with pytest.raises(SettingsError, match="no regular expression"):
        ingest(stopped, discover(stopped))
    report = ingest(workspace, discover(workspace))
    assert report.files == 1

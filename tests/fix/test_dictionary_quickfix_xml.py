from __future__ import annotations

import io
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary import Dictionary, load_dictionary, read_quickfix_xml
from fix_transforms.fix.dictionary.compact import from_compact, to_compact
from fix_transforms.fix.dictionary.generate import data_length_tags
from fix_transforms.fix.dictionary.quickfix_xml import MAX_DOCUMENT_BYTES, read_document

FIELDS = """
  <field number='35' name='MsgType' type='STRING'><value enum='U1' description='VENUE_ORDER'/></field>
  <field number='55' name='Symbol' type='STRING'/>
  <field number='453' name='NoPartyIDs' type='NUMINGROUP'/>
  <field number='448' name='PartyID' type='string'/>
  <field number='802' name='NoPartySubIDs' type='NUMINGROUP'/>
  <field number='523' name='PartySubID' type='STRING'/>
  <field number='20001' name='VenueTag' type='STRING'/>"""
COMPONENTS = """
  <component name='Parties'>
    <group name='NoPartyIDs' required='Y'><field name='PartyID' required='Y'/><component name='Subs' required='N'/></group>
  </component>
  <component name='Subs'>
    <group name='NoPartySubIDs' required='N'><field name='PartySubID' required='N'/></group>
  </component>"""
MESSAGES = """
  <message name='VenueOrder' msgtype='U1' msgcat='app'>
    <field name='Symbol' required='Y'/><component name='Parties' required='Y'/><field name='VenueTag'/>
  </message>"""


def xml(messages: str = MESSAGES, components: str = COMPONENTS, fields: str = FIELDS, header: str = "") -> bytes:
    return (
        f"<fix type='FIX' major='4' minor='4' servicepack='0'>\n<header>{header}</header>\n"
        f"<messages>{messages}</messages>\n<trailer/>\n<components>{components}</components>\n<fields>{fields}</fields></fix>"
    ).encode()


def venue() -> Dictionary:
    return read_quickfix_xml(xml(), "venue.xml")


# ---- what is read ----


def test_components_are_flattened_into_messages_and_groups() -> None:
    dictionary = venue()
    message = dictionary.messages["U1"]
    assert message.members == {55, 453, 20001}
    assert message.required == {55, 453}
    assert dictionary.group("U1", 453).order == (448, 802)
    assert dictionary.group("U1", 453).nested == {802}
    assert dictionary.group("U1", 802).delimiter == 523
    assert dictionary.fields[448].type == "STRING"
    assert dictionary.fields[35].codes == {"U1": "VENUE_ORDER"}
    assert dictionary.version == "FIX.4.4"


def test_required_parts_of_an_optional_component_are_optional() -> None:
    dictionary = read_quickfix_xml(xml(MESSAGES.replace("name='Parties' required='Y'", "name='Parties' required='N'")))
    assert dictionary.messages["U1"].required == {55}


def test_file_is_read_like_bytes() -> None:
    assert read_quickfix_xml(io.BytesIO(xml()), "venue.xml") == venue()


def test_one_counter_with_two_groups_in_a_message_unites_their_members() -> None:
    messages = """<message name='M' msgtype='U1' msgcat='app'>
      <group name='NoPartyIDs'><field name='PartyID'/></group>
      <group name='NoPartySubIDs'><group name='NoPartyIDs'><field name='PartyID'/><field name='Symbol'/></group></group>
    </message>"""
    group = read_quickfix_xml(xml(messages)).group("U1", 453)
    assert group.members == {448, 55}
    assert group.delimiter == 448


def test_read_dictionary_survives_the_compact_form() -> None:
    assert from_compact(to_compact(venue()), "venue") == venue()


# ---- overlays ----


def test_overlay_adds_and_replaces_fields_and_messages() -> None:
    base = load_dictionary("FIX.4.4")
    both = base.overlaid(venue())
    assert both.messages["U1"] == venue().messages["U1"]
    assert both.group("U1", 453).members == {448, 802}
    assert both.group("U1", 802).members == {523}
    assert both.layout("U1").tags >= base.header  # the overlay's own header is empty
    assert both.fields[20001].name == "VenueTag"
    assert both.fields[35].codes == {"U1": "VENUE_ORDER"}
    assert both.fields[39] == base.fields[39]
    for msg_type in base.messages:
        assert both.layout(msg_type) == base.layout(msg_type)
    assert "U1" not in base.messages


def test_overlaid_message_brings_its_own_groups() -> None:
    changed = xml(MESSAGES.replace("msgtype='U1'", "msgtype='8'"))
    both = load_dictionary("FIX.4.4").overlaid(read_quickfix_xml(changed))
    assert both.messages["8"].name == "VenueOrder"
    assert set(both.layout("8").groups) == {453, 802, 627}
    assert both.group("D", 453).members == load_dictionary("FIX.4.4").group("D", 453).members


def test_overlay_with_a_header_replaces_the_header() -> None:
    both = load_dictionary("FIX.4.4").overlaid(read_quickfix_xml(xml(header="<field name='MsgType' required='Y'/>")))
    assert both.header == {35}
    assert both.trailer == load_dictionary("FIX.4.4").trailer


def test_overlay_of_another_version_is_refused() -> None:
    with pytest.raises(DictionaryError, match=r"got FIX\.4\.4; expected FIX\.4\.2"):
        load_dictionary("FIX.4.2").overlaid(venue())


def test_session_layer_may_lie_over_fix_50() -> None:
    base = load_dictionary("FIX.5.0SP2")
    assert base.overlaid(load_dictionary("FIXT.1.1")).messages.keys() == base.messages.keys()


def test_venue_data_field_is_paired_by_name_or_place() -> None:
    fields = """<field number='5001' name='BlobLength' type='INT'/><field number='5002' name='Blob' type='DATA'/>
      <field number='5003' name='NoteLen' type='INT'/><field number='5004' name='VenueNote' type='DATA'/>"""
    message = "<message name='M' msgtype='U2' msgcat='app'><field name='NoteLen'/><field name='VenueNote'/></message>"
    assert data_length_tags(read_document(xml(message, "", fields), "v")) == {5001: 5002, 5003: 5004}
    with pytest.raises(DictionaryError, match="data field without a length field; got VenueNote"):
        data_length_tags(read_document(xml("", "", fields), "v"))


# ---- what is refused ----

ENTITY = b"<!DOCTYPE fix [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>" + xml()
EXTERNAL = b"<!DOCTYPE fix SYSTEM 'file:///etc/passwd'>" + xml()


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b"", "not well-formed XML"),
        (b"FIX.4.4", "not well-formed XML"),
        (xml()[:-10], "not well-formed XML"),
        (b"<?xml version='1.0' encoding='no-such-thing'?>" + xml(), "not well-formed XML"),
        (b"<html/>", "got <html>; expected <fix>"),
        (ENTITY, "venue.xml:1: a DTD is not accepted"),
        (EXTERNAL, "venue.xml:1: a DTD is not accepted"),
        (xml().replace(b"major='4'", b""), "<fix> lacks 'major'"),
        (xml().replace(b"major='4'", b"major='four'"), "names no FIX version"),
        (xml().replace(b"type='FIX'", b"type='FAST'"), "names no FIX version"),
        (xml(fields=FIELDS.replace("'448'", "'448x'")), "a field needs a number; got '448x'"),
        (xml(fields=FIELDS.replace("'448'", "'0'")), "a field needs a number"),
        (xml(fields=FIELDS.replace("'448'", "'99999999999'")), "a field needs a number"),
        (xml(fields=FIELDS.replace("'448'", "'\u0661'")), "a field needs a number"),
        (xml(fields=FIELDS.replace("'448'", "'55'")), r"defined twice; got field PartyID\(55\)"),
        (xml(fields=FIELDS.replace("'PartyID'", "'Symbol'")), r"defined twice; got field Symbol\(448\)"),
        (xml(fields=FIELDS.replace("name='PartyID'", "")), "<field> lacks 'name'"),
        (xml(fields=FIELDS + "<filed/>"), "unexpected element; got <filed>"),
        (xml(MESSAGES + MESSAGES), "defined twice; got message U1"),
        (xml(MESSAGES.replace("msgtype='U1'", "")), "<message> lacks 'msgtype'"),
        (xml(MESSAGES.replace("'app'", "'other'")), "unknown msgcat; got other"),
        (xml(MESSAGES.replace("'VenueTag'", "'VenueTga'")), "venue.xml:5: field is not defined; got VenueTga"),
        (xml(MESSAGES.replace("'Parties'", "'Partys'")), "component is not defined; got Partys"),
        (xml(MESSAGES.replace("<field name='VenueTag'/>", "<value name='x'/>")), "unexpected element; got <value>"),
        (xml(components=COMPONENTS + COMPONENTS), "defined twice; got component Parties"),
        (xml(components="<component name='Parties'><component name='Parties'/></component>"), "contains itself; got Parties"),
        (xml(components="<component name='Parties'><group name='NoPartyIDs'/></component>"), "group has no fields"),
    ],
)  # fmt: skip
def test_defect_is_named(document: bytes, complaint: str) -> None:
    with pytest.raises(DictionaryError, match=complaint) as caught:
        read_quickfix_xml(document, "venue.xml")
    assert str(caught.value).startswith("venue.xml")


def test_deep_document_is_refused() -> None:
    with pytest.raises(DictionaryError, match="nested deeper than"):
        read_quickfix_xml(xml("<message name='M' msgtype='X'>" + "<group name='NoPartyIDs'>" * 100_000), "deep")


def test_long_chain_of_components_is_refused() -> None:
    chain = "".join(f"<component name='c{i}'><component name='c{i + 1}'/></component>" for i in range(5000))
    message = "<message name='M' msgtype='X'><component name='c0'/></message>"
    with pytest.raises(DictionaryError, match="nested deeper than"):
        read_quickfix_xml(xml(message, chain + "<component name='c5000'/>"), "chain")


def test_components_that_double_forty_times_are_read_at_once() -> None:
    doubling = "".join(
        f"<component name='c{i}'><component name='c{i + 1}'/><component name='c{i + 1}'/></component>"
        for i in range(40)
    )
    message = "<message name='M' msgtype='X'><component name='c0'/></message>"
    leaf = "<component name='c40'><field name='Symbol'/></component>"
    assert read_quickfix_xml(xml(message, doubling + leaf)).messages["X"].members == {55}


def test_oversized_document_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(DictionaryError, match="too large"):
        read_quickfix_xml(io.BytesIO(b" " * (MAX_DOCUMENT_BYTES + 1)))


NAMES = st.sampled_from(["NoPartyIDs", "PartyID", "Symbol", "NoPartySubIDs", "Parties", "Subs", "nobody", ""])


@st.composite
def element(draw: st.DrawFn, depth: int = 4) -> str:
    kind = draw(st.sampled_from(["field", "group", "component", "value"]))
    children = "".join(draw(st.lists(element(depth=depth - 1), max_size=3))) if depth and kind == "group" else ""
    return f"<{kind} name={quoteattr(draw(NAMES))} required='{draw(st.sampled_from('YN'))}'>{children}</{kind}>"


@given(st.lists(element(), max_size=5), st.lists(element(), max_size=3), st.binary(max_size=3), st.integers(0, 2000))
def test_any_document_is_read_or_refused_with_a_typed_error(
    body: list[str], part: list[str], noise: bytes, at: int
) -> None:
    message = f"<message name='M' msgtype='U1' msgcat='app'>{''.join(body)}</message>"
    document = xml(message, f"{COMPONENTS}<component name='Part'>{''.join(part)}</component>")
    try:
        read = read_quickfix_xml(document[:at] + noise + document[at:])
    except DictionaryError:
        return
    assert from_compact(to_compact(read), "again") == read

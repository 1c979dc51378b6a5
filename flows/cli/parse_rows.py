"""How ``fixlake parse`` prints messages: one line that a support engineer reads at a glance, or every field.

Invariant: every value printed went through ``escape_control``; names and codes come from the dictionary that the
message was read with: its own version's or the one that its session agreed on, with the venue's laid over it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import typer

from fix_transforms.fix.bare_messages import decode_bare
from fix_transforms.fix.reference import ReferenceDecoder
from fix_transforms.fix.wording import escape_control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix import ParsedChunk
    from fix_transforms.fix.dictionary import Dictionary
    from fix_transforms.fix.session_versions import SessionVersions

Row = dict[str, Any]

#: Identifiers that link a message to others, in the order in which they are shown.
_IDENTIFIERS = {
    "ClOrdID": "cl_ord_id",
    "OrigClOrdID": "orig_cl_ord_id",
    "OrderID": "order_id",
    "ExecID": "exec_id",
    "ExecRefID": "exec_ref_id",
    "ListID": "list_id",
    "QuoteID": "quote_id",
    "MDReqID": "md_req_id",
    "TestReqID": "test_req_id",
    "RefSeqNum": "ref_seq_num",
    "BeginSeqNo": "begin_seq_no",
    "EndSeqNo": "end_seq_no",
    "NewSeqNo": "new_seq_no",
    "HeartBtInt": "heart_bt_int",
}
#: What the dictionary of a message depends on.
_VERSION_COLUMNS = {
    8: "begin_string",
    1128: "appl_ver_id",
    1137: "default_appl_ver_id",
    49: "sender_comp_id",
    56: "target_comp_id",
}
#: Codes whose names say what happened.
_CODES = {
    "exec_type": 150,
    "ord_status": 39,
    "ord_rej_reason": 103,
    "cxl_rej_reason": 102,
    "session_reject_reason": 373,
    "business_reject_reason": 380,
}


class RowPrinter:
    """Prints the rows of chunks in the order of the file.

    Args:
        as_json: One JSON object per message instead of a line of text.
        with_fields: Every field of a message by name, below its line.
        with_events: Log events too.
        limit: Most rows to print.
    """

    def __init__(self, as_json: bool, with_fields: bool, with_events: bool, limit: int | None) -> None:
        self._as_json = as_json
        self._with_fields = with_fields
        self._with_events = with_events
        self._left = limit
        self._decoder = ReferenceDecoder()

    @property
    def is_done(self) -> bool:
        """Whether the limit is reached."""
        return self._left == 0

    def print(self, file: str | None, chunk: ParsedChunk, versions: SessionVersions) -> None:
        """Print a chunk.

        Args:
            file: Named on each line where there are several.
            chunk: The next of the file.
            versions: The dictionaries of the file's messages.
        """
        for row in self._rows(chunk):
            if self.is_done:
                return
            if self._left is not None:
                self._left -= 1
            if self._as_json:
                typer.echo(_as_json(file, row))
                continue
            dictionary = _dictionary(row, versions) if "raw" in row else None
            start = f"{escape_control(file)}:{row['line_number']}" if file else f"{row['line_number']:>6}"
            typer.echo(f"{start}  {self._line(row, dictionary)}")
            if self._with_fields and dictionary is not None:
                for field in self._fields(row, dictionary):
                    typer.echo(f"{'':>8}{field}")

    def _rows(self, chunk: ParsedChunk) -> Iterator[Row]:
        frames = [chunk.messages, chunk.quarantine]
        if self._with_events:
            frames.append(chunk.log_events)
        order = pl.concat(
            [
                frame.select("byte_offset", pl.lit(number).alias("frame"), pl.int_range(pl.len()).alias("row"))
                for number, frame in enumerate(frames)
            ]
        ).sort("byte_offset")
        for _, number, row in order.iter_rows():
            yield frames[number].row(row, named=True)

    def _line(self, row: Row, dictionary: Dictionary | None) -> str:
        if "reason" in row:
            return f"!! {row['reason']}: {row['detail']}  {row['excerpt'][:160]}"
        if dictionary is None:
            return f"-- {row['text']}"
        return escape_control("  ".join(part for part in _parts(row, dictionary) if part))

    def _fields(self, row: Row, dictionary: Dictionary) -> Iterator[str]:
        for tag, value in decode_bare(self._decoder, row["raw"].encode(row["raw_encoding"])):
            text = escape_control(value.decode(row["raw_encoding"]))
            known = dictionary.fields.get(tag)
            name = known.name if known is not None else "?"
            meaning = known.codes.get(text) if known is not None else None
            if tag == 35 and text in dictionary.messages:
                meaning = dictionary.messages[text].name
            yield f"{tag:>5} {name} = {text}{f'  ({meaning})' if meaning else ''}"


def _dictionary(row: Row, versions: SessionVersions) -> Dictionary:
    first = {tag: row[name] for tag, name in _VERSION_COLUMNS.items() if row[name] is not None}
    return versions.dictionary(first, row["msg_type"] or "")


def _parts(row: Row, dictionary: Dictionary) -> Iterator[str]:
    """The parts of a message's line, from what identifies it to what is wrong with it."""
    time = row["log_time"] or row["sending_time"]
    yield time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if time is not None else "-" * 23
    yield {"in": "<-", "out": "->"}.get(row["direction"] or "", "  ")
    yield f"{row['sender_comp_id'] or '?'}>{row['target_comp_id'] or '?'} #{_shown(row['msg_seq_num'])}"
    message = dictionary.messages.get(row["msg_type"] or "")
    yield message.name if message is not None else f"35={row['msg_type']}"
    yield " ".join(_code(dictionary, tag, row[name]) for name, tag in _CODES.items() if row[name] is not None)
    yield _terms(dictionary, row)
    yield " ".join(f"{label}={row[name]}" for label, name in _IDENTIFIERS.items() if row[name] is not None)
    yield f'"{row["text"]}"' if row["text"] else ""
    yield " ".join(f"[{doubt}]" for doubt in _doubts(row))


def _terms(dictionary: Dictionary, row: Row) -> str:
    parts = [_code(dictionary, 54, row["side"]) if row["side"] is not None else ""]
    parts += [_shown(row["order_qty"]) if row["order_qty"] is not None else "", row["symbol"] or ""]
    parts.append(f"@ {_shown(row['price'])}" if row["price"] is not None else "")
    if row["last_qty"] and row["last_px"] is not None:
        parts.append(f"filled {_shown(row['last_qty'])} @ {_shown(row['last_px'])}")
    return " ".join(part for part in parts if part)


def _doubts(row: Row) -> Iterator[str]:
    if row["poss_dup_flag"]:
        yield "PossDup"
    if row["poss_resend"]:
        yield "PossResend"
    if row["checksum_status"] == "bad":
        yield "bad checksum"
    if row["body_length_ok"] is False:
        yield "wrong BodyLength"
    if row["duplicate_tags"]:
        yield f"repeated {','.join(map(str, row['duplicate_tags']))}"
    if row["coercion_errors"]:
        yield f"malformed {','.join(map(str, row['coercion_errors']))}"
    if row["validation_errors"]:
        yield f"invalid {' '.join(row['validation_errors'])}"


def _code(dictionary: Dictionary, tag: int, value: str) -> str:
    known = dictionary.fields.get(tag)
    return known.codes.get(value, f"{tag}={value}") if known is not None else f"{tag}={value}"


def _shown(value: object) -> str:
    """A number without the zeros that its type adds."""
    if value is None:
        return "?"
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_json(file: str | None, row: Row) -> str:
    # An empty list says nothing, except that a message was judged and is valid.
    facts = {name: v for name, v in row.items() if v is not None and (v != [] or name == "validation_errors")}
    kind = "quarantine" if "reason" in row else "message" if "raw" in row else "log_event"
    named = {"kind": kind, **({"file": file} if file else {}), **facts}
    return json.dumps(named, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else _shown(value))

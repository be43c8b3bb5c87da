"""Agreements of ours made to show another text, by additions that pyHanko takes for a form that was filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

# They have no types.
ArrayObject: Any = generic.ArrayObject
DictionaryObject: Any = generic.DictionaryObject
NameObject: Any = generic.NameObject
NumberObject: Any = generic.NumberObject
FloatObject: Any = generic.FloatObject
StreamObject: Any = generic.StreamObject
Writer: Any = IncrementalPdfFileWriter

PAINT: Final = b"q 1 1 1 rg -2000 -2000 5000 5000 re f Q 0 g BT /Helv 24 Tf 20 60 Td (You may publish it.) Tj ET"
OTHER_PAGE: Final = b"BT /F1 24 Tf 40 700 Td (The data may be sold.) Tj ET 0 0 0 rg 100 100 300 300 re f"
WHOLE_PAGE: Final = (0, 0, 595, 842)


def drawn_field(pdf: bytes, *, box: Sequence[float] | None = None, matrix: Sequence[float] | None = None) -> bytes:
    """The printed name filled in, with a drawing of whatever kind."""
    writer = Writer(BytesIO(pdf))
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        if field.get("/T") == "signing_name":
            field["/AP"] = DictionaryObject({NameObject("/N"): _drawing(writer, box, matrix)})
            field["/V"] = generic.TextStringObject("Alice Lukaszewska")
            writer.update_container(field)
    return _written(writer)


def signature_field(
    pdf: bytes, rectangle: Sequence[float], *, box: Sequence[float] | None = None, flags: int = 4
) -> bytes:
    """A new field for a signature, on the first page."""
    writer = Writer(BytesIO(pdf))
    page = writer.find_page_for_modification(0)[0]
    field = _widget(writer, page, rectangle, box, flags=flags)
    _add(writer, page, [writer.add_object(field)])
    return _written(writer)


def copied_signatures(pdf: bytes, *, count: int = 22) -> bytes:
    """Copies of our certification in new fields, the first of which covers the first page."""
    writer = Writer(BytesIO(pdf))
    fields = writer.root["/AcroForm"]["/Fields"]
    ours = next(each.get_object() for each in fields if each.get_object().get("/T") == "Certification")["/V"]
    page = writer.find_page_for_modification(0)[0]
    made = []
    for number in range(count):
        field = _widget(writer, page, WHOLE_PAGE, WHOLE_PAGE, name=f"Copy{number}")
        if number:
            field = DictionaryObject({key: field.raw_get(key) for key in ("/FT", "/T")})
        copy = DictionaryObject({key: ours.raw_get(key) for key in ("/Type", "/Filter", "/SubFilter", "/ByteRange")})
        copy["/Contents"] = generic.ByteStringObject(bytes(ours["/Contents"]))
        field["/V"] = writer.add_object(copy)
        made.append(writer.add_object(field))
    _add(writer, page, made, shown=1)
    return _written(writer)


def hidden_page(pdf: bytes, *, entry: bytes = b"", start: bytes = b"startxref\n") -> bytes:
    """A field filled in and, unlisted beside it, another first page; `entry` and `start` lead some programs there."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        contents = opened.pages[0].obj.Contents
        page = contents.objgen[0] if not isinstance(contents, Array) else contents[0].objgen[0]
        field = next(each for each in opened.Root.AcroForm.Fields if str(each.T) == "signing_name")
        field.V = pikepdf.String("Alice")
        number, text = field.objgen[0], field.unparse(resolved=True)
        root, size = opened.Root.objgen[0], int(opened.trailer.Size)
        kept = b" ".join(b"/%s %s" % (key, _bare(opened.trailer[f"/{key.decode()}"])) for key in (b"ID", b"Info"))
    earlier = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    out = pdf + b"%d 0 obj\n%s\nendobj\n" % (number, text)
    out += b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (page, len(OTHER_PAGE), OTHER_PAGE)
    table = len(out)
    listed = b"%d 1\n%s \n" % (size, entry) if entry else b""
    out += b"xref\n%s%d 1\n%010d 00000 n \n" % (listed, number, len(pdf))
    out += b"trailer\n<< /Size %d /Root %d 0 R %s /Prev %d >>\n" % (size + 2, root, kept, earlier)
    return out + start + b"%d\n%%%%EOF\n" % table


def two_faced(pdf: bytes) -> bytes:
    """The box ticked by its value, and not on the page."""
    writer = Writer(BytesIO(pdf))
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        if field.get("/T") == "accepted":
            field["/V"], field["/AS"] = NameObject("/Yes"), NameObject("/Off")
            writer.update_container(field)
    return _written(writer)


def with_marks(pdf: bytes, colour: str, *, page: int = 1) -> bytes:
    """Saved anew with strokes of a colour, as letters drawn as lines are: there is no text to find."""
    strokes = b" ".join(b"%d 120 2 12 re f" % across for across in range(60, 400, 6))
    return _anew(pdf, lambda opened: opened.pages[page].contents_add(f"q {colour} ".encode() + strokes + b" Q"))


def with_a_printed_stamp(pdf: bytes) -> bytes:
    """Saved anew with a note over the first page that shows on paper alone."""

    def stamp(opened: pikepdf.Pdf) -> None:
        drawing = pikepdf.Stream(opened, b"1 g 0 0 595 842 re f 0 g 100 100 300 300 re f")
        drawing.Type, drawing.Subtype, drawing.BBox = Name.XObject, Name.Form, Array(WHOLE_PAGE)
        note = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array(WHOLE_PAGE), F=36, AP=Dictionary(N=drawing))
        page = opened.pages[0].obj
        page.Annots = Array([*page.get("/Annots", ()), opened.make_indirect(note)])

    return _anew(pdf, stamp)


def with_a_printed_layer(pdf: bytes, *, marks: bytes = b"1 g 0 0 595 842 re f 0 g 100 100 300 300 re f") -> bytes:
    """Saved anew with a layer over the first page that shows on paper alone."""

    def lay(opened: pikepdf.Pdf) -> None:
        usage = Dictionary(Print=Dictionary(PrintState=Name.ON), View=Dictionary(ViewState=Name.OFF))
        layer = opened.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String("x"), Usage=usage))
        rules = [Dictionary(Event=way, OCGs=[layer], Category=[way]) for way in (Name.Print, Name.View)]
        shown = Dictionary(Order=[layer], ON=[layer], AS=rules)
        opened.Root.OCProperties = Dictionary(OCGs=[layer], D=shown)
        page = opened.pages[0]
        page.obj.Resources = opened.make_indirect(Dictionary(dict(page.obj.Resources.items())))
        page.obj.Resources.Properties = Dictionary(Layer=layer)
        page.contents_add(b"/OC /Layer BDC " + marks + b" EMC")

    return _anew(pdf, lay)


def _bare(thing: Any) -> bytes:
    return b"%d 0 R" % thing.objgen[0] if thing.is_indirect else bytes(thing.unparse())


def _anew(pdf: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        change(opened)
        opened.save(out)
    return out.getvalue()


def _written(writer: Any) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _widget(
    writer: Any,
    page: Any,
    rectangle: Sequence[float],
    box: Sequence[float] | None,
    *,
    name: str = "Extra",
    flags: int = 4,
) -> Any:
    drawing = DictionaryObject({NameObject("/N"): _drawing(writer, box, None)})
    return DictionaryObject(
        {
            NameObject("/FT"): NameObject("/Sig"),
            NameObject("/T"): generic.TextStringObject(name),
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/F"): NumberObject(flags),
            NameObject("/Rect"): _array(rectangle),
            NameObject("/P"): page,
            NameObject("/AP"): drawing,
        }
    )


def _add(writer: Any, page: Any, fields: Sequence[Any], *, shown: int | None = None) -> None:
    names, notes = writer.root["/AcroForm"]["/Fields"], page.get_object().setdefault("/Annots", ArrayObject())
    names.extend(fields)
    notes.extend(fields[:shown])
    writer.update_container(names)
    writer.update_container(notes)
    writer.update_root()


def _drawing(writer: Any, box: Sequence[float] | None, matrix: Sequence[float] | None) -> Any:
    drawing = StreamObject(stream_data=PAINT)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/Helv"): named})
    drawing["/Type"], drawing["/Subtype"] = NameObject("/XObject"), NameObject("/Form")
    drawing["/Resources"] = DictionaryObject({NameObject("/Font"): fonts})
    if box is not None:
        drawing["/BBox"] = _array(box)
    if matrix is not None:
        drawing["/Matrix"] = _array(matrix)
    return writer.add_object(drawing)


def _array(numbers: Sequence[float]) -> Any:
    return ArrayObject([FloatObject(number) for number in numbers])

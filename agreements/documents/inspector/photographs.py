"""One photograph or scan of a page: decoded within caps, turned upright, its colours as they print on white."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import pi_heif.heif
from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from agreements.documents.inspector.kinds import Kind
from agreements.documents.inspector.structure import Refused

LONGEST: Final = 3000
"""Pixels of the longer side that are worth having: codes are read well below that, pages are kept below it."""

_MOST_SIDE: Final = 32_000
# A JPEG is reduced while it is decoded, unless it is stored in passes, which are kept whole until the last.
_MOST_PIXELS: Final = {"jpeg": 120_000_000, "jpeg in passes": 40_000_000, "png": 40_000_000, "heic": 50_000_000}
_ORIENTATION: Final = 0x0112  # EXIF 3.0, table 4

ImageFile.LOAD_TRUNCATED_IMAGES = False
# The decoder needs one thread beside this one (`confine.cut_off`) and gets no pool of them; nothing but the picture
# itself is wanted of a file.
pi_heif.options.DECODE_THREADS = 0
pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False


def decoded(data: bytes, kind: Kind) -> Image.Image:
    """Return the picture upright, in RGB or gray, at most about twice LONGEST, with nothing beside its pixels.

    Of several frames only the first is looked at. Raises Refused: `picture-damaged`, `picture-too-large`.
    """
    try:
        picture = _decoded_heic(data) if kind == "heic" else _decoded(data, kind)
        return _plain(picture)
    except Refused:
        raise
    except MemoryError:
        raise Refused("picture-too-large") from None
    except Exception:  # whatever a decoder raises says the same of the file
        raise Refused("picture-damaged") from None


def _decoded(data: bytes, kind: Kind) -> Image.Image:
    # The class itself, not `Image.open`: a file is read as what its first bytes say, or not at all.
    picture: Any = JpegImageFile(BytesIO(data)) if kind == "jpeg" else PngImageFile(BytesIO(data))
    passes = kind == "jpeg" and "progressive" in picture.info
    _check_size(picture.size, _MOST_PIXELS["jpeg in passes" if passes else kind])
    orientation = _orientation(picture)
    if kind == "jpeg":
        by = LONGEST / max(picture.size)
        if by < 1:
            picture.draft(picture.mode, (int(picture.width * by), int(picture.height * by)))
    picture.load()
    return _turned(_reduced(picture), orientation)


def _decoded_heic(data: bytes) -> Image.Image:
    opened: Any = pi_heif.heif.open_heif(BytesIO(data))
    primary = opened[opened.primary_index]
    _check_size(primary.size, _MOST_PIXELS["heic"])
    # Turned by the decoder already, as the file's own boxes say; its EXIF counts for nothing.
    return _reduced(primary.to_pillow())


def _check_size(size: tuple[int, int], most: int) -> None:
    wide, high = size
    if wide < 1 or high < 1 or max(size) > _MOST_SIDE or wide * high > most:
        raise Refused("picture-too-large", wide=wide, high=high)


def _reduced(picture: Image.Image) -> Image.Image:
    factor = max(picture.size) // LONGEST
    return picture.reduce(factor) if factor > 1 and picture.mode in {"L", "LA", "RGB", "RGBA"} else picture


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB or gray, without what goes with a file: profiles, EXIF, places, texts."""
    if picture.mode.startswith("I"):  # 16 bits a pixel
        picture = picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    elif picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        white = Image.new("RGB", seen.size, "white")
        white.paste(seen, mask=seen.getchannel("A"))
        picture = white
    elif picture.mode not in {"RGB", "L"}:
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    return ImageOps.contain(plain, (LONGEST, LONGEST)) if max(plain.size) > LONGEST else plain


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF that cannot be read turns nothing
        return 1


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    how = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return picture if how is None else picture.transpose(how)

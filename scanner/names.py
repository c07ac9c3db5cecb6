"""Names of attachments that are safe to show and to save under, whatever the sender wrote."""

import re
import unicodedata

from scanner.charset import clean

MAX_NAME = 180

_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[^.\s]{1,10}$")
# Not from the module mimetypes: it reads the machine's own tables, and names must be the same everywhere.
_SUFFIXES = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/csv": ".csv",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/json": ".json",
    "application/xml": ".xml",
    "application/msword": ".doc",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/ms-tnef": ".dat",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "image/svg+xml": ".svg",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "video/mp4": ".mp4",
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
}


_KINDS = {suffix: kind for kind, suffix in reversed(_SUFFIXES.items())}


def kind_of(name: str) -> str:
    """The content type that a file's NAME promises."""
    suffix = _SUFFIX.search(name.strip().lower())
    return _KINDS.get(suffix[0], "application/octet-stream") if suffix else "application/octet-stream"


def safe_name(stated: str, *, kind: str, index: int, subject: str = "") -> str:
    """A file name without path, control and direction marks; a stable one where none is STATED.

    KIND is the content type, INDEX the place of the part, SUBJECT that of a nested mail.
    """
    name = _tidy(stated.replace("\\", "/").rpartition("/")[2])
    if name:
        return name
    if kind == "message/rfc822":
        return (_tidy(subject.replace("\\", "-").replace("/", "-"))[: MAX_NAME - 4] or "attached-mail") + ".eml"
    return f"part-{index}{_SUFFIXES.get(kind, '.bin')}"


def _tidy(text: str) -> str:
    # Cf are the invisible ones: direction overrides that make `fdp.exe` out of `exe.pdf`, joiners, byte order marks.
    shown = (char for char in clean(text) if unicodedata.category(char) not in ("Cc", "Cf", "Co", "Zl", "Zp"))
    name = _FORBIDDEN.sub("_", " ".join("".join(shown).split())).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) <= MAX_NAME:
        return name
    suffix = _SUFFIX.search(name)
    return name[: MAX_NAME - 11].rstrip(" .") + (suffix[0] if suffix else "")

"""Files that a letter is too large for: named in its text, but left out.  Pure."""

from dataclasses import replace

from domain.letter import LetterFacts, OutgoingFile

# What becomes of a file in a mail: base64 in lines of 76 and their ends, and a head of its own.
_GROWTH = 78 / 57
_HEAD = 400
_SAID = {
    "de": "Diese Dateien sind zu groß für eine E-Mail und wurden weggelassen: {files}.",
    "en": "These files are too large for a mail and were left out: {files}.",
}


def lighter(facts: LetterFacts, *, octets: int, limit: int | None) -> LetterFacts | None:
    """FACTS with so many of the largest files left out that a letter of OCTETS has LIMIT octets at most.

    Without LIMIT all of them; None where there is no file to leave out.
    """
    kept = sorted(facts.files, key=lambda file: len(file.data))
    if not kept:
        return None
    while kept:
        octets -= int(len(kept.pop().data) * _GROWTH) + _HEAD
        # The sentence that names what is missing takes room too.
        if limit is not None and octets + 1000 <= limit:
            break
    gone = [file for file in facts.files if file not in kept]
    remaining = tuple(file for file in facts.files if file in kept)
    return replace(facts, files=remaining, left_out=(*facts.left_out, *map(_named, gone)))


def said(facts: LetterFacts, language: str) -> str:
    """The sentence that names the files left out, '' if there are none."""
    sentence = _SAID.get(language, _SAID["en"])
    return sentence.format(files=", ".join(facts.left_out)) if facts.left_out else ""


def left_out(facts: LetterFacts) -> str:
    """What is added to the server's reply in our record of a letter that went without files."""
    return f" (without {', '.join(facts.left_out)}: too large)" if facts.left_out else ""


def _named(file: OutgoingFile) -> str:
    return f"{file.name} ({max(len(file.data) / 1e6, 0.1):.1f} MB)"

"""What rules can decide and the desk does not carry out yet, in one place.

Dispositions: Reject, Forward, MergeInto.  Modifiers: AssignBy, RemoveTags, LinkContact, LinkOrganization,
Watch, AddNote, FileIn.  Decision.letters: ChooseLetter, AddLetter, SuppressLetters, MandatoryLetters, Notify.
"""

from domain.decision import Disposition, Modifier


def not_carried_out(action: Disposition | Modifier) -> NotImplementedError:
    """The refusal of what cannot be done yet; the mail is taken up again and then quarantined."""
    return NotImplementedError(f"{type(action).__name__} ({action.because}) is not carried out yet")

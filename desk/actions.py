"""What rules can decide and the desk does not carry out yet, in one place.

Dispositions: Reject, Forward, MergeInto.  Modifiers: AssignBy, RemoveTags, LinkContact, LinkOrganization,
Watch, AddNote, FileIn; SetField for description, solution and fields.KEY.  Decision.letters: ChooseLetter, AddLetter,
SuppressLetters, MandatoryLetters, Notify.  Decision.remarks and lookups are not in the record yet.  Not filled by
desk/facts.py: MailFacts.sender_mails (for `rules.periods`) and targets (tickets by number, title, external id).
"""

from domain.decision import Disposition, Modifier


def not_carried_out(action: Disposition | Modifier) -> NotImplementedError:
    """The refusal of what cannot be done yet; the mail is taken up again and then quarantined."""
    return NotImplementedError(f"{type(action).__name__} ({action.because}) is not carried out yet")

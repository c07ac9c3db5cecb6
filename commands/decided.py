"""Decisions in words, as `helpdesk explain` and docs/rules.md say them."""

from typing import assert_never

from domain.decision import (
    AddLetter,
    AddNote,
    AddTags,
    Assign,
    AssignBy,
    ChooseLetter,
    Create,
    Decision,
    Disposition,
    FileIn,
    Forward,
    Ignore,
    LetterWish,
    LinkContact,
    LinkOrganization,
    MandatoryLetters,
    MergeInto,
    Modifier,
    Notify,
    Reject,
    RemoveTags,
    SetField,
    SuppressLetters,
    Update,
    Watch,
)


def in_words(decision: Decision) -> tuple[str, ...]:
    """What DECISION comes to, one thing after the other."""
    changes = (modifier_in_words(one) for one in decision.modifiers)
    letters = (letter_in_words(one) for one in decision.letters)
    return (disposition_in_words(decision.disposition), *changes, *letters)


def disposition_in_words(one: Disposition) -> str:
    """What becomes of the mail."""
    match one:
        case Create():
            return "create"
        case Update(ticket=ticket):
            return f"update {ticket}"
        case Ignore():
            return "ignore"
        case Reject(letter=letter, text=text):
            return f"reject with letter {letter}" if letter else f"reject with the words '{text}'"
        case Forward(addresses=addresses):
            return f"forward to {', '.join(addresses)}"
        case MergeInto(ticket=ticket, into=into):
            return f"merge {ticket} into {into}"
        case _:
            assert_never(one)


def modifier_in_words(one: Modifier) -> str:
    """What is changed."""
    match one:
        case SetField(field=field, value=value):
            return f"{field} {value}"
        case Assign(agent=agent, group=group):
            return " and ".join(x for x in (agent and f"agent {agent}", group and f"group {group}") if x)
        case AssignBy(how=how, group=group):
            return f"assigned by {how} {group}".rstrip()
        case AddTags(tags=tags):
            return f"tags {', '.join(tags)}"
        case RemoveTags(tags=tags):
            return f"without tags {', '.join(tags)}"
        case LinkContact(address=address):
            return f"requester {address}"
        case LinkOrganization(name=name):
            return f"organization {name}"
        case Watch(agents=agents, addresses=addresses):
            return f"watched by {', '.join((*agents, *addresses))}"
        case AddNote(text=text):
            return f"note '{text}'"
        case FileIn(folder=folder):
            return f"filed in {folder}"
        case _:
            assert_never(one)


def letter_in_words(one: LetterWish) -> str:
    """What is wished of letters."""
    match one:
        case ChooseLetter(template=template):
            return f"letter {template}"
        case AddLetter(template=template):
            return f"one more letter {template}"
        case SuppressLetters(kinds=kinds):
            return f"no letter {', '.join(kinds)}" if kinds else "no letter to the customer"
        case MandatoryLetters():
            return "letters in spite of an opt-out"
        case Notify(agents=agents, groups=groups):
            told = (*agents, *(f"group {group}" for group in groups))
            return f"{', '.join(told)} notified"
        case _:
            assert_never(one)

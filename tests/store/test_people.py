"""Contacts are known by every spelling of their addresses, and each address is one contact's."""

import pytest

from domain.errors import Conflict
from domain.people import Address, ContactFacts
from store.store import Store, View
from tests.store.samples import DAY, NOW, at_once


def add(view: View, address: str, name: str = "") -> ContactFacts:
    return view.people.add_contact(Address(address, name), now=NOW)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("ada@customer.example", "ADA@Customer.EXAMPLE"),
        ("Ada@Customer.Example", "ada@customer.example"),
        ("jörg@bücher.example", "JÖRG@BÜCHER.example"),
        ("jo\u0308rg@bu\u0308cher.example", "j\u00f6rg@b\u00fccher.example"),
        ("j\u00f6rg@b\u00fccher.example", "jo\u0308rg@bu\u0308cher.example"),
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ("jörg@xn--bcher-kva.example", "Jörg@Bücher.example"),
        ("ada@customer.example.", " ada@customer.example "),
        ("stra\u00dfe@customer.example", "STRASSE@customer.example"),
        ("\u0390@customer.example", "\u0399\u0308\u0301@customer.example"),
    ],
)
def test_a_contact_is_found_by_any_spelling_of_an_address(store: Store, known: str, asked: str) -> None:
    with store.act() as act:
        made = add(act, known, "Ada")
        assert act.people.contact_of(asked) == act.people.contact(made.id)
        with pytest.raises(Conflict), act.savepoint():
            add(act, asked)
        assert act.people.contact_of("somebody@customer.example") is None
        assert act.people.contact_of("") is None


def test_a_new_contact_is_the_one_that_is_read_back(store: Store) -> None:
    with store.act() as act:
        company = act.people.add_organization("Customer Ltd", domains=["customer.example"], now=NOW)
        made = act.people.add_contact(Address("ada@customer.example", "Ada"), now=NOW, language="de")
        assert made.organization == company
        assert act.people.contact(made.id) == made


def test_an_organization_owns_its_domains(store: Store) -> None:
    with store.act() as act:
        ada, eve = add(act, "ada@bücher.example"), add(act, "eve@other.example")
        fake = add(act, "mallory@xbücher.example")
        company = act.people.add_organization("Bücher", domains=["Bücher.example", "books.example"], now=NOW)
        assert company.domains == ("books.example", "xn--bcher-kva.example")
        for spelling in ("bücher.example", "XN--BCHER-KVA.example", "BOOKS.example."):
            assert act.people.organization_of(spelling) == company
        assert act.people.organization_of("shop.books.example") is None
        assert act.people.organization_of("") is None
        assert act.people.organization_of("hostile\x00\ud800.example") is None
        members = act.people.contacts([ada.id, eve.id, fake.id])
        assert [members[one.id].organization for one in (ada, eve, fake)] == [company, None, None]
        assert add(act, "bob@books.example").organization == company
        with pytest.raises(Conflict), act.savepoint():
            act.people.add_organization("Another", domains=["books.example"], now=NOW)
        assert act.people.organizations([company.id, 99]) == {company.id: company}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["100% Müller", "a_b", "Ada", "Ärzte"]),
        ("ada", ["Ada"]),
        ("ADA@", ["Ada"]),
        ("%", ["100% Müller"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("\\", []),
        ("customer.example", ["100% Müller", "a_b", "Ada"]),
        ("müller", ["100% Müller"]),
        ("MÜLLER", ["100% Müller"]),
        ("mu\u0308ller", ["100% Müller"]),
        ("ärzt", ["Ärzte"]),
        ("bücher.example", ["Ärzte"]),
        ("bcher-kva", ["Ärzte"]),
        ("'; DROP TABLE contact; --", []),
        ("a\x00da\ud800", []),
    ],
)
def test_contacts_are_found_by_words_that_stand_for_themselves(store: Store, words: str, found: list[str]) -> None:
    with store.act() as act:
        add(act, "ada@customer.example", "Ada")
        add(act, "mueller@customer.example", "100% Müller")
        add(act, "axb@customer.example", "a_b")
        add(act, "praxis@Bücher.example", "Ärzte")
    with store.reading() as view:
        # How a database sorts letters beyond ASCII is its own affair.
        assert sorted(one.name for one in view.people.find(words)) == sorted(found)
        assert len(view.people.find(words, limit=1)) == min(len(found), 1)


def test_contacts_are_listed_by_name(store: Store) -> None:
    with store.act() as act:
        for name in ("bob", "Ada", "Cy"):
            add(act, f"{name}@customer.example", name)
        assert [one.name for one in act.people.find()] == ["Ada", "bob", "Cy"]


def test_an_opt_out_remembers_when_and_how(store: Store) -> None:
    with store.act() as act:
        contact = add(act, "ada@customer.example").id
        act.people.set_opt_out(contact, opted_out=True, how="List-Unsubscribe", now=NOW + DAY)
    with store.reading() as view:
        found = view.people.contact(contact)
        assert found is not None
        assert (found.email_opt_out, found.opted_out_at, found.opted_out_how) == (True, NOW + DAY, "List-Unsubscribe")
    with store.act() as act:
        act.people.set_opt_out(contact, opted_out=False, how="by phone", now=NOW + 2 * DAY)
        found = act.people.contact(contact)
        assert found is not None
        assert (found.email_opt_out, found.opted_out_at, found.opted_out_how) == (False, None, "")


def test_fields_of_a_contact_can_be_set(store: Store) -> None:
    with store.act() as act:
        contact = add(act, "ada@customer.example").id
        act.people.change_contact(contact, name="Ada L.", portal_user=True, support_end=NOW.date())
        found = act.people.contact(contact)
        assert found is not None
        assert (found.name, found.portal_user, found.support_end) == ("Ada L.", True, NOW.date())
        assert act.people.contact(contact + 1) is None


def test_a_new_contact_that_several_add_at_once_is_one(store: Store) -> None:
    def meet() -> str:
        with store.act() as act:
            try:
                with act.savepoint():
                    made = act.people.contact_of("ada@customer.example") is None
                    if made:
                        add(act, "ada@customer.example", "Ada")
            except Conflict:
                return "conflict"
            return "made" if made else "known"

    outcomes = at_once([meet] * 4)
    assert outcomes.count("made") == 1
    with store.reading() as view:
        assert [one.name for one in view.people.find()] == ["Ada"]

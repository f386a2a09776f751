"""Reference codes: typable, checked, found in what banks make of them, and hardly ever by chance."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations import references
from donations.references import ALPHABET, Found, find

ALI = references.code_of_appeal_id(1)
OFFLINE_DONATION_ID = 3_779_000_000_000_000_000
GIFT = references.code_of_offline_donation(OFFLINE_DONATION_ID)
KNOWN = {ALI, GIFT, *(references.code_of_appeal_id(number) for number in range(2, 60))}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def test_codes_are_short_and_have_no_letters_that_look_like_figures() -> None:
    assert (len(ALI), len(GIFT)) == (7, 10)
    for code in KNOWN:
        assert set(code) <= set(ALPHABET)
        assert references.is_code(code)


def test_every_appeal_has_a_code_of_its_own_that_names_it() -> None:
    codes = {references.code_of_appeal_id(number): number for number in range(1, 32768)}
    assert len(codes) == 32767
    for code, number in list(codes.items())[::101]:
        assert find(code) == [Found(code, "appeal", number, "exact")]


def test_a_gift_is_named_by_a_part_of_its_hash() -> None:
    assert find(f"thanks {GIFT}") == [
        Found(GIFT, "gift", references.offline_donation_number(OFFLINE_DONATION_ID), "exact")
    ]


WRITTEN = {
    "as we write it": ("{c}", "exact"),
    "among other words": ("GIFT FOR ALI {c} THANK YOU", "exact"),
    "in small letters": ("gift {l}", "exact"),
    "between signs": ("/REF/{c}/E2E", "exact"),
    "in wide letters": ("{w}", "exact"),
    "with a space": ("{a} {b}", "repaired"),
    "with dashes": ("FF-{m}-{z}", "repaired"),
    "glued to another word": ("REF{c}X", "repaired"),
    "the prefix apart": ("FF {t}", "repaired"),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("code", [ALI, GIFT])
def test_a_code_is_found_however_it_is_written(how: str, code: str) -> None:
    text, found = WRITTEN[how]
    wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
    parts = {"c": code, "l": code.lower(), "w": wide, "a": code[:4], "b": code[4:], "t": code[2:]}
    text = text.format(**parts, m=code[2:-2], z=code[-2:])
    assert [(each.code, each.how) for each in find(text)] == [(code, found)]


@pytest.mark.parametrize(("right", "wrong"), [("0", "O"), ("1", "I"), ("1", "L"), ("V", "U")])
def test_letters_that_look_like_figures_are_read_as_figures(right: str, wrong: str) -> None:
    code = next(one for one in map(references.code_of_appeal_id, range(1, 32768)) if right in one)
    assert [(each.code, each.how) for each in find(code.replace(right, wrong))] == [(code, "repaired")]


@pytest.mark.parametrize("code", [ALI, GIFT])
def test_any_one_slip_of_the_finger_is_repaired_where_the_code_is_known(code: str) -> None:
    for at in range(len(code)):
        slips = {code[:at] + other + code[at + 1 :] for other in LETTERS} - {code}
        slips |= {code[:at] + other + code[at:] for other in LETTERS}
        slips |= {code[:at] + code[at + 1 :], code[:at] + code[at : at + 2][::-1] + code[at + 2 :]} - {code}
        for slip in slips:
            assert code in {each.code for each in find(slip, KNOWN)}, slip


@pytest.mark.parametrize("code", [ALI, GIFT])
def test_a_wrong_or_exchanged_character_is_never_taken_for_right(code: str) -> None:
    for at in range(2, len(code)):
        for other in set(ALPHABET) - {code[at]}:
            assert not references.is_code(code[:at] + other + code[at + 1 :])
        for further in range(at + 1, len(code)):
            if code[at] != code[further]:
                swapped = list(code)
                swapped[at], swapped[further] = swapped[further], swapped[at]
                assert not references.is_code("".join(swapped))


def test_what_is_one_slip_from_two_codes_is_neither() -> None:
    # given two codes that differ in two places, and a word between them
    between = ALI[:2] + ("2" if ALI[2] != "2" else "3") + ALI[3:]
    other = between[:3] + ("4" if between[3] != "4" else "5") + between[4:]
    # then it is a guess, unless one of them only is known
    assert find(between, {ALI, other}) == []
    assert [each.code for each in find(between, {ALI})] == [ALI]


def test_several_codes_are_all_found() -> None:
    assert [each.code for each in find(f"{ALI} and {GIFT}")] == [ALI, GIFT]


WORDS = (
    "OFFICE STAFFORD SHEFFIELD WEDNESDAY JEFFERSON COFFEE TARIFF OFF FFION GRIFFITHS CLIFF HUFFINGTON DIFFERENT FFORDE"
    " TRANSFER FASTER PAYMENT RECEIVED FROM SALARY INVOICE NOTPROVIDED SEPA STANDING ORDER DONATION ПОЖЕРТВОВАНИЕ"
).split()


def test_ordinary_texts_hold_no_code() -> None:
    """One in 100,000 texts with words, numbers and references looks like a code by chance; none like one of ours."""
    chance = random.Random(7)

    def word() -> str:
        kind = chance.random()
        if kind < 0.5:
            return chance.choice(WORDS)
        if kind < 0.8:
            return "".join(chance.choices(LETTERS, k=chance.randint(4, 20)))
        return str(chance.randrange(10 ** chance.randint(2, 12)))

    texts = [" ".join(word() for _ in range(chance.randint(2, 8))) for _ in range(20_000)]
    assert sum(bool(find(text)) for text in texts) <= 2
    assert not any(each.code in KNOWN for text in texts for each in find(text, KNOWN))


@given(st.text(max_size=80))
def test_any_text_can_be_searched(text: str) -> None:
    for each in find(text, KNOWN):
        assert references.is_code(each.code)


def test_a_typed_code_is_put_as_we_write_it() -> None:
    assert references.normalised(f" {ALI[:4].lower()} {ALI[4:]} ") == ALI
    assert references.normalised(" rent ") == "rent"

"""Conditions as SQL, pandas and other languages write them: the sign stands under the slip, the hint can be typed."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors.card import card
from privkit.errors.expression import ExpressionError, pointed
from privkit.tally.predicate import check_selection
from privkit.values.expression import parsed, selection

#: What is typed → where the slip is (the character, and which of its kind), and what the hint must mean.
SLIPS = {
    "age = 3": ("=", "age == 3"),
    "age === 3": ("===", "age == 3"),
    "age := 3": (":=", "age == 3"),
    "age <> 3": ("<>", "age != 3"),
    "age !== 3": ("!==", "age != 3"),
    "age =< 3": ("=<", "age <= 3"),
    "age => 3": ("=>", "age >= 3"),
    "born >= 2026-01-31 and age = 3": ("2026", "born >= '2026-01-31' and age == 3"),
    "born in [2026-01-01, 2026-12-31]": ("2026", "born in ['2026-01-01', '2026-12-31']"),
    "born > 2026 - 01 - 31": ("01", None),
    "age ≥ 3 and age ≤ 5": ("≥", "age >= 3 and age <= 5"),
    "age ≠ 3": ("≠", "age != 3"),
    "age > 3 && plan == 'a'": ("&&", "age > 3 and plan == 'a'"),
    "age > 3 || plan == 'a'": ("||", "age > 3 or plan == 'a'"),
    "(age > 3) & (plan == 'a')": ("&", "age > 3 and plan == 'a'"),
    "age > 3 & plan == 'a'": ("&", "age > 3 and plan == 'a'"),
    "(age > 3) | (plan == 'a')": ("|", "age > 3 or plan == 'a'"),
    "~(age > 3)": ("~", "age <= 3"),
    "~(age > 3) & ~active": ("~", "age <= 3 and not active"),
    "!active": ("!", "not active"),
    "!(age > 3)": ("!", "age <= 3"),
    "age > 3 AND NOT plan = 'a' Or active": ("AND", "(age > 3 and plan != 'a') or active"),
    "age is null": ("is", "age is missing"),
    "age IS NOT NULL": ("IS", "age is not missing"),
    "age = NULL": ("=", "age is missing"),
    "age != None": ("!=", "age is not missing"),
    "age == None": ("==", "age is missing"),
    "age is NaN": ("is", "age is missing"),
    "age == np.nan": ("np.nan", "age is missing"),
    "age == null and plan = 'a'": ("==", "age is missing and plan == 'a'"),
    "pd.isna(age)": ("pd", "age is missing"),
    "isnull(age) or age > 3": ("isnull", "age is missing or age > 3"),
    "age.notna()": ("age", "age is not missing"),
    "~age.isna() & (age > 3)": ("~", "age is not missing and age > 3"),
    "name like 'Ann%'": ("like", "prefix(name, 3) == 'Ann'"),
    "name LIKE 'A''s%' AND age = 3": ("LIKE", None),
    "name NOT LIKE 'Ann%' AND age = 3": ("NOT", "prefix(name, 3) != 'Ann' and age == 3"),
    "name like 'Anna'": ("like", "name == 'Anna'"),
    "prefix(name, 9) like 'Ann%'": ("like", "prefix(prefix(name, 9), 3) == 'Ann'"),
    "age > 3 and (name like 'Ann%')": ("like", "age > 3 and prefix(name, 3) == 'Ann'"),
    "name like '%nn%'": ("like", None),
    "name like 'A_n'": ("like", None),
    "name ilike 'ann%'": ("ilike", None),
    "name startswith 'Ann'": ("startswith", "prefix(name, 3) == 'Ann'"),
    "name.str.startswith('Ann')": ("name", "prefix(name, 3) == 'Ann'"),
    "name.str[:3] == 'Ann'": ("name", "prefix(name, 3) == 'Ann'"),
    "LEFT(name, 3) = 'Ann'": ("=", "prefix(name, 3) == 'Ann'"),
    "age between 3 and 5": ("between", "3 <= age <= 5"),
    "age BETWEEN 3 AND 5 AND plan = 'a'": ("BETWEEN", "3 <= age <= 5 and plan == 'a'"),
    "(age not between 3 and 5) or active": ("not", "not (3 <= age <= 5) or active"),
    "age.between(3, 5)": ("age", "3 <= age <= 5"),
    "plan in ('a')": ("'a'", "plan in ['a']"),
    "plan IN ('a', 'b')": ("IN", "plan in ['a', 'b']"),
    "plan NOT IN ('a', 'b')": ("NOT", "plan not in ['a', 'b']"),
    "plan is in ['a']": ("is", "plan in ['a']"),
    "plan in [a, b]": ("a, b", "plan in ['a', 'b']"),
    "plan == ['a', 'b']": ("['a'", "plan in ['a', 'b']"),
    "plan != ['a', 'b']": ("['a'", "plan not in ['a', 'b']"),
    "plan.isin(['a', 'b'])": ("plan", "plan in ['a', 'b']"),
    "df[~df['plan'].isin(['a', 'b'])]": ("~", "plan not in ['a', 'b']"),
    "df.age > 3": ("df", "age > 3"),
    "df['my age'] > 3": ("df", "col('my age') > 3"),
    "age.eq(3)": ("age", "age == 3"),
    "day.dt.year == 2026": ("day", "year(day) == 2026"),
    "YEAR(day) = 2026": ("=", "year(day) == 2026"),
    "day >= DATE '2026-01-01'": ("DATE", "day >= '2026-01-01'"),
    "age is 3": ("3", "age == 3"),
    "age is not 3": ("3", "age != 3"),
    "active = true": ("=", "active == True"),
    "active is FALSE": ("FALSE", "active == False"),
    "age > 18 and < 65": ("< 65", "age > 18 and age < 65"),
    "age < 18 || >= 65": (">=", "age < 18 or age >= 65"),
    "plan = “basic”": ("=", "plan == 'basic'"),
    "plan == “basic”": ("“", "plan == 'basic'"),
    "plan == ‘it's’": ("‘", 'plan == "it\'s"'),
    "plan == «basic»": ("«", "plan == 'basic'"),
    "`my age` > 3": ("`", "col('my age') > 3"),
    "`age` > 3": ("`", "age > 3"),
    "'plan' == 'basic'": ("'plan'", "plan == 'basic'"),
    "\"my plan\" = 'basic'": ("=", "col('my plan') == 'basic'"),
    "name == 'O''Brien'": ("'Brien", 'name == "O\'Brien"'),
    "name == 'a' 'b'": ("'b'", "name == 'a b'"),
    "plan = 'basic": ("=", None),
    "plan == 'basic": ("'", None),
    "income > 1,000": ("1", "income > 1000"),
    "income > 1,000,000 and age > 3": ("1", "income > 1000000 and age > 3"),
    "zip == 08001": ("08001", "zip == '08001'"),
    "age > 3;": (";", "age > 3"),
    "WHERE age > 3": ("WHERE", "age > 3"),
    "age > @limit": ("@", None),
    "age > 3\n  and plan == 'a'": ("and", "age > 3 and plan == 'a'"),
    "age > 3\n  and plan = 'a'": ("=", "age > 3 and plan == 'a'"),
    "plan == 'a = b' AND age > 3": ("AND", "plan == 'a = b' and age > 3"),
    "plan = 'a <> && b' # or not": ("=", "plan == 'a <> && b'"),
    "年齢 = 3": ("=", "年齢 == 3"),
    "a\u0308 && b": ("&&", "a\u0308 and b"),
}
PROPOSED = re.compile(r"\nWrite the whole as: where=(.*)\.\Z", re.DOTALL)


def refused(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as error:
        parsed(text)
    assert error.value.__cause__ is None
    return error.value


def proposed(error: ExpressionError) -> str | None:
    found = PROPOSED.search(str(error))
    return None if found is None else eval(found[1])


@pytest.mark.parametrize("typed", SLIPS)
def test_what_to_type_instead_is_told_and_can_be_typed(typed):
    at, meant = SLIPS[typed]
    error = refused(typed)
    assert error.position == typed.index(at)
    assert "cannot be read" not in str(error)
    assert "Expressions have no" not in str(error)
    if meant is None:
        assert proposed(error) is None
    else:
        assert parsed(proposed(error)).canonical() == parsed(meant).canonical()


@pytest.mark.parametrize("typed", SLIPS)
def test_the_sign_is_under_the_slip_in_the_message_and_on_the_card(typed):
    error = refused(typed)
    at, _ = SLIPS[typed]
    for lines in (str(error).split("\n"), card(error), card(error, width=30)):
        below = next(place for place, line in enumerate(lines) if line.strip() == "^")
        drawn, sign = lines[below - 1], lines[below].index("^")
        assert columns(drawn[: drawn.index(at.split("\n")[0])]) == sign or drawn.count(at) > 1


def columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in ("W", "F") for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


@pytest.mark.parametrize(
    ("text", "position", "drawn"),
    [
        ("a = 3", 2, ["a = 3", "  ^"]),
        ("年齢 = 3", 3, ["年齢 = 3", "     ^"]),
        ("ａｇｅ=3", 3, ["ａｇｅ=3", "      ^"]),
        ("a\u0308 = 3", 3, ["a\u0308 = 3", "  ^"]),
        ("😀 = 3", 2, ["😀 = 3", "   ^"]),
        ("a\t= 3", 2, ["a = 3", "  ^"]),
        ("\x1b[2J = 3", 5, [" [2J = 3", "     ^"]),
        ("a > 1\nand b = 3", 12, ["and b = 3", "      ^"]),
        ("a > 1\r\nand b = 3\r\nor c", 13, ["and b = 3", "      ^"]),
        ("a > 1\rand b = 3", 12, ["and b = 3", "      ^"]),
        ("a >", 3, ["a >", "   ^"]),
        ("a >\n", 4, ["", "^"]),
        ("", 0, ["", "^"]),
    ],
)
def test_the_sign_is_under_its_character(text, position, drawn):
    assert pointed(text, position) == "".join(f"\n    {line}" for line in drawn)


def test_a_long_line_is_cut_to_what_is_around_the_sign():
    text = "a > 1 and " * 50 + "b = 3 and " + "c > 1 and " * 50 + "d"
    lines = str(refused(text)).split("\n")
    assert lines[2].index("^") == lines[1].index("b = 3") + 2
    assert lines[1].startswith("    …")
    assert lines[1].endswith("…")
    assert len(lines[1]) < 80


def test_where_no_column_tells_the_place_a_count_does():
    assert pointed("גיל = 3", 4) == "\nLook at character 5, '='."
    assert pointed("a", None) == pointed("a", 7) == pointed("a", -1) == ""


PARTS = [
    *(
        "age",
        "plan",
        "'a'",
        '"b"',
        "'",
        '"',
        "`x y`",
        "“q”",
        "3",
        "08",
        "1,000",
        "=",
        "==",
        "<>",
        "&",
        "&&",
        "|",
        "||",
        "~",
    ),
    *(
        "!",
        "!=",
        "and",
        "OR",
        "not",
        "is",
        "null",
        "NULL",
        "None",
        "like",
        "'a%'",
        "between",
        "in",
        "(",
        ")",
        "[",
        "]",
        ",",
    ),
    *(
        ".",
        "df",
        "isin",
        "isna",
        "()",
        "true",
        ";",
        "where",
        "@",
        "\n",
        "\t",
        "# x",
        "年",
        "\x00",
        "\ud800",
        "nan",
        "<",
        "-",
    ),
    *(
        "date",
        "prefix(",
        "year(",
        "f'",
        "\\",
        ":",
        "*",
        "**",
        "is not",
        "startswith",
        "str",
        "[:3]",
        "é",
        "lambda",
        "if",
    ),
]


@settings(max_examples=1500)
@given(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["", " "])), max_size=14))
@example([("age", " "), ("is", " "), ("null", "")])
def test_whatever_is_typed_is_read_or_refused_and_every_proposal_can_be_typed(parts):
    text = "".join(part + space for part, space in parts)
    try:
        parsed(text)
    except ExpressionError as error:
        assert "\n\n" not in str(error).strip("\n") or "\n" in text  # noqa: PT017
        better = proposed(error)
        assert better is None or parsed(better).columns
        card(error, width=40)


@settings(max_examples=300)
@given(st.text(max_size=40), st.integers(-2, 45))
def test_any_text_and_place_can_be_drawn(text, position):
    lines = pointed(text, position).split("\n")
    assert lines[0] == ""
    assert len(lines) in (1, 2, 3)


FRAME = pd.DataFrame({"age": [1], "plan": ["a"], "zip": ["1"], "active": [True]})


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("age == null", "where='age is missing'"),
        ("age != NaN", "where='age is not missing'"),
        ("active == true", "where='active == True'"),
        ("plan == basic", "where=\"plan == 'basic'\""),
        ("plan == basic or plan == plus", "where=\"plan == 'basic' or plan == 'plus'\""),
        ("plan == 'a' or 'b'", "Example: plan in ['a', 'b']"),
        ("zip == 8001", "Write a text in quotes: '8001'."),
        ("zip in [8001, 8002]", "Write a text in quotes: '8001'."),
        ("age == '65'", "Write a number without quotes: 65."),
    ],
)
def test_what_can_be_read_and_does_not_fit_the_columns_is_told_too(typed, told):
    with pytest.raises(pk.PrivkitError) as error:
        check_selection(FRAME, selection(typed))
    assert told in str(error.value)
    better = re.search(r"write it so: where=(.*)\.\Z", str(error.value))
    if better:
        check_selection(FRAME, selection(eval(better[1])))


@pytest.mark.parametrize("typed", ["nothing == 3", "age == nothing", "age == 'old'", "not plan"])
def test_no_hint_is_made_up(typed):
    with pytest.raises(pk.PrivkitError) as error:
        check_selection(FRAME, selection(typed))
    assert "Write " not in str(error.value)
    assert "write it so" not in str(error.value)


def test_a_call_shows_it_all(ledger_path):
    with pytest.raises(ExpressionError) as error:
        pk.dp_count(
            FRAME,
            where="plan = 'a' && age <> 3",
            project=pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path),
        )
    assert card(error.value)[:7] == [
        "ExpressionError",
        "dp_count() got where=\"plan = 'a' && age <> 3\"",
        "    plan = 'a' && age <> 3",
        "         ^",
        "",
        "type    Write == instead of =.",
        "        Write 'and' instead of &&.",
    ]


def test_a_name_with_a_point_in_it_is_told_apart_from_a_column_of_a_frame():
    """R writes ph.ecog: the point may be in the name, which the language cannot know; of df.age it is not."""
    told = str(refused("ph.ecog > 1"))
    assert "Where its name has the point in it: col('ph.ecog')." in told
    assert parsed("col('ph.ecog') > 1").columns == ("ph.ecog",)
    assert "has the point in it" not in str(refused("df.age > 1"))

"""Arrow's views of text and bytes, of which pandas selects no rows: each function that hands out or looks at rows."""

import pandas as pd
import pytest

import privkit as pk

pa = pytest.importorskip("pyarrow", minversion="16")

CALLS = {
    "anonymize": lambda df, name: pk.anonymize(df, [name], k=2).frame,
    "anonymize local": lambda df, name: pk.anonymize(df, [name], k=2, method="local").frame,
    "anonymize cells": lambda df, name: pk.anonymize(df, [name], k=2, method="cells").frame,
    "suppressed": lambda df, _: pk.anonymize(df.iloc[:5], ["b"], k=2, suppress=1).frame,
    "generalize": lambda df, name: pk.generalize(df, {name: 1}).frame,
    "generalize another": lambda df, _: pk.generalize(df, {"b": 1}).frame,
    "pram": lambda df, name: pk.pram(df, name, keep=0.9, seed=1).frame,
    "add_noise": lambda df, _: pk.add_noise(df, "b", scale=0.1, seed=1).frame,
    "audit": lambda df, _: pk.audit(df).to_frame(),
    "kanon": lambda df, name: pk.kanon(df, [name]).to_frame(),
    "risk": lambda df, name: pk.risk(df, [name]).to_frame(),
    "top_bottom": lambda df, _: pk.top_bottom(df, "b", lower=1, upper=2).frame,
    "microaggregate": lambda df, _: pk.microaggregate(df, "b", k=2).frame,
    "pseudonymize": lambda df, name: pk.pseudonymize(df, [name], key=b"k" * 32),
    "pseudonymize another": lambda df, _: pk.pseudonymize(df, ["b"], key=b"k" * 32),
    "erase_subject": lambda df, _: pk.erase_subject({"people": df}, 1, on="b").frames["people"],
    "erase_subject by it": lambda df, name: pk.erase_subject({"people": df}, df[name].iloc[0], on=name).frames[
        "people"
    ],
    "consented": lambda df, _: pk.consented(df.assign(consent="mail"), "mail"),
    "link": lambda df, name: pk.link(df, df.head(2), [name]).to_frame(),
}


@pytest.mark.parametrize("call", CALLS)
def test_views_of_text_are_texts(call):
    plain = pd.DataFrame({"a": ["x", "y", "x", "y"] * 5, "b": [1, 2, 1, 2] * 5})
    views = plain.assign(a=pd.array(plain["a"], dtype=pd.ArrowDtype(pa.string_view())))
    found, told = CALLS[call](views, "a"), CALLS[call](plain, "a")
    if call != "audit":  # which tells the type
        pd.testing.assert_frame_equal(found.astype(object), told.astype(object))
    assert len(found) == len(told)


@pytest.mark.parametrize("call", CALLS)
def test_views_of_bytes_are_answered_or_refused_as_bytes_are(call):
    raw = [b"x", b"y"] * 10
    outcomes = []
    for kind in (pa.large_binary(), pa.binary_view()):
        frame = pd.DataFrame({"a": pd.array(raw, dtype=pd.ArrowDtype(kind)), "b": [1, 2] * 10})
        try:
            outcomes.append(len(CALLS[call](frame, "a")))
        except pk.PrivkitError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]

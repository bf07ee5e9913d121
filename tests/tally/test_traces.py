"""No value of a row that is gone stays in a frame that is handed out, nor in its file."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pytest

import privkit as pk
from privkit import events as ev
from privkit.cli import main

FRAME = pd.DataFrame(
    {
        "city": ["Rome"] * 10 + ["Oslo"] * 10 + ["Secretville"],
        "job": ["clerk"] * 20 + ["astronaut"],
        "id": [f"p{number}" for number in range(20)] + ["p20@example.org"],
        "consent": ["marketing"] * 20 + ["none"],
    }
)
WORDS = (b"Secretville", b"astronaut", b"p20@example.org", b"exporter")
KINDS = {
    "categories": lambda: FRAME.astype("category"),
    "arrow dictionaries": lambda: FRAME.astype(pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    "an index of categories": lambda: FRAME.set_index(pd.CategoricalIndex(FRAME["id"], name="key")),
    "an index of levels": lambda: FRAME.set_index(["consent", "job"], drop=False).rename_axis(["a", "b"]),
}
WAYS = {
    "anonymize": lambda df: df.privacy.anonymize(["city"], k=5, suppress=0.1).frame,
    "local": lambda df: df.privacy.anonymize(["city"], k=5, suppress=0.1, method="local").frame,
    "lattice": lambda df: df.privacy.lattice(["city"], k=5, suppress=0.1).apply({"city": 0}).frame,
    "anonymizer": lambda df: pk.Anonymizer(["city"], k=5, suppress=0.1).fit_transform(df),
    "erase": lambda df: pk.erase_subject({"t": df}, "p20@example.org", on="id").frames["t"],
    "consented": lambda df: pk.consented(df, "marketing", column="consent"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sample(0.4)
def test_no_word_of_a_removed_row_is_in_the_frame_or_its_files(way, kind):
    frame = KINDS[kind]()
    frame.attrs["by"] = "exporter"
    if "dictionaries" in kind and way == "consented":
        frame["consent"] = FRAME["consent"]
    out = WAYS[way](frame)
    out = getattr(out, "frame", out)
    file = io.BytesIO()
    out.to_parquet(file)
    pickled = io.BytesIO()
    out.to_pickle(pickled)
    assert len(out) == 20
    for content in (file.getvalue(), pickled.getvalue()):
        assert not [word for word in WORDS if word in content]
    assert "Secretville" in frame["city"].tolist()  # the user's own is as it was
    assert frame.attrs == {"by": "exporter"}


def test_events_that_are_left_out_leave_no_category():
    rule = ev.sample(0.3, by="id", key=bytes(range(32)))
    out = FRAME.astype("category").privacy.events(ev.Recipe([rule, ev.keep("city", "job", "id", "consent")])).events
    assert set(out["id"].cat.categories) == set(out["id"])


def test_the_shell_leaves_none_in_a_parquet_file(tmp_path):
    FRAME.drop(columns="id").astype("category").to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    asked = ["anonymize", str(tmp_path / "in.parquet"), "--qi", "city", "--k", "5", "--suppress", "0.1"]
    assert main([*asked, "--out", str(out)]) == 0
    assert not [word for word in WORDS if word in out.read_bytes()]

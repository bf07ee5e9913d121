"""Files are streamed; the output appears only when it is complete, and no message shows a line."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from itertools import pairwise

import pytest

from privkit import events as ev
from privkit.errors.events import EventError, EventsInputError, MalformedLineError, UnmatchedFieldsError
from privkit.events.run import ndjson as json_lines

CANARY = "CANARY-7f3a"
RECIPE = ev.Recipe([ev.keep("a"), ev.truncate_time("t", "day")])

MALFORMED = {
    "broken": b'{"a": "CANARY-7f3a", ',
    "no JSON": b"CANARY-7f3a",
    "no object": b'["CANARY-7f3a"]',
    "NaN": b'{"a": NaN}',
    "bytes that are no UTF-8": b'{"a": "CANARY-7f3a \xff"}',
    "half a character": b'{"a": "\\ud800"}',
    "a doubled key": b'{"a": "CANARY-7f3a", "a": 1}',
    "a doubled key inside": b'{"a": {"b": [{"c": 1, "c": 2}]}}',
    "a doubled key with spaces": b'{"a" : 1, "a": 2}',
    "a doubled key with tabs": b'{"a"\t: 1, "a"\t: 2}',
    "a doubled key in disguise": b'{"a": 1, "\\u0061": 2}',
    "too deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "two objects": b'{"a": 1}{"a": 2}',
}


@pytest.fixture(params=["orjson", "json"])
def backend(request, monkeypatch):
    if request.param == "json":
        monkeypatch.setattr(json_lines, "orjson", None)
    elif json_lines.orjson is None:
        pytest.skip("orjson is not installed")


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_line_is_told_by_its_number_alone_and_nothing_is_written(tmp_path, write_lines, bad):
    source = write_lines([{"a": 1}, b"", bad, {"a": 2}])
    with pytest.raises(MalformedLineError, match="line 3 ") as caught:
        RECIPE.apply(source, output=tmp_path / "out.ndjson")
    assert CANARY not in str(caught.value)
    assert caught.value.line == 3
    assert caught.value.__context__ is None
    assert left(tmp_path) == ["in.ndjson"]


@pytest.mark.usefixtures("backend")
def test_malformed_lines_and_unfit_events_are_set_apart_with_their_raw_lines(tmp_path, write_lines, read_lines):
    source = write_lines([{"a": 1}, *MALFORMED.values(), {"t": CANARY}, {"a": 2}])
    result = RECIPE.apply(source, output=tmp_path / "out.ndjson", on_error="quarantine")
    assert read_lines(result.events) == [{"a": 1}, {"a": 2}]
    head, *apart = read_lines(tmp_path / "out.ndjson.quarantine")
    assert "personal data" in head["note"]
    assert [line["line"] for line in apart] == list(range(2, 2 + len(MALFORMED) + 1))
    raw = [line["raw"].encode() if "raw" in line else base64.b64decode(line["raw_base64"]).rstrip() for line in apart]
    assert raw == [*MALFORMED.values(), json.dumps({"t": CANARY}).encode()]
    assert result.account.n_apart == len(apart)
    assert result.n_in == 3 + len(MALFORMED)
    assert CANARY not in repr(result) + repr(result.quarantined)
    assert (tmp_path / "out.ndjson.quarantine").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("deep", [100, 300, json_lines.DEEPEST - 1])
def test_events_deeper_than_orjson_writes_are_treated_as_by_the_standard_library(
    tmp_path, write_lines, read_lines, deep
):
    event = b'{"a":' + b"[" * deep + b"]" * deep + b"}"
    assert read_lines(RECIPE.apply(write_lines([event]), output=tmp_path / "out.ndjson").events) == [json.loads(event)]
    doubled = event[:-1] + b',"a":1}'
    with pytest.raises(MalformedLineError, match="line 1 is no event: a key of it is doubled"):
        RECIPE.apply(write_lines([doubled]), output=tmp_path / "other.ndjson")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("deep", [json_lines.DEEPEST + 1, 900, 980, 1000, 1020])
def test_events_that_are_nested_too_deeply_are_no_events(tmp_path, write_lines, deep):
    event = b'{"a":' * deep + b"1" + b"}" * deep
    with pytest.raises(MalformedLineError, match=r"line 1 is no event: it is (nested too deeply|no valid JSON)"):
        RECIPE.apply(write_lines([event]), output=tmp_path / "out.ndjson")


def test_no_quarantine_file_is_made_for_nothing(tmp_path, write_lines):
    RECIPE.apply(write_lines([{"a": 1}]), output=tmp_path / "out.ndjson", on_error="quarantine")
    assert left(tmp_path) == ["in.ndjson", "out.ndjson"]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "event",
    [
        {"a": {"a": {"a": 1}}},
        {"a": '":'},
        {"a": " : "},
        {"a": '\\":"a": 1'},
        {"a": [{"b": 1}, [{"b": 2}]]},
        {"a": 2**70},
    ],
)
def test_keys_that_only_look_doubled_are_not(tmp_path, write_lines, read_lines, event):
    source = write_lines([event, json.dumps(event, separators=(" ,", " : ")).encode()])
    out = read_lines(RECIPE.apply(source, output=tmp_path / "out.ndjson").events)
    assert out == [json.loads(json.dumps(event))] * 2 if event["a"] != 2**70 else len(out) == 2


def test_an_unfit_event_is_told_by_its_line(tmp_path, write_lines):
    with pytest.raises(EventError, match="line 2: truncate_time"):
        RECIPE.apply(write_lines([{"a": 1}, {"t": CANARY}]), output=tmp_path / "out.ndjson")
    assert left(tmp_path) == ["in.ndjson"]


def test_all_fields_without_a_rule_of_the_whole_file_are_listed(tmp_path, write_lines):
    source = write_lines([{"a": 1}, {"b": 1}, {"t": "no time, but refused anyway", "c": {"d": 1}}])
    with pytest.raises(UnmatchedFieldsError) as caught:
        RECIPE.apply(source, output=tmp_path / "out.ndjson")
    assert caught.value.paths == ("b", "c.d")
    assert left(tmp_path) == ["in.ndjson"]


def test_an_interruption_leaves_the_old_output_as_it_was(tmp_path, write_lines):
    source = write_lines([{"a": number} for number in range(20_000)])
    output = tmp_path / "out.ndjson"
    output.write_text("old")

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RECIPE.apply(source, output=output, progress=interrupt)
    assert output.read_text() == "old"
    assert left(tmp_path) == ["in.ndjson", "out.ndjson"]


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_killed_run_leaves_no_output(tmp_path, write_lines):
    source = write_lines([{"a": number} for number in range(50_000)])
    script = f"""
        import time
        from privkit import events as ev
        def wait(progress):
            print("half way", flush=True)
            time.sleep(60)
        ev.Recipe([ev.keep("a")]).apply({str(source)!r}, output={str(tmp_path / "out.ndjson")!r}, progress=wait)
    """
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline().strip() == "half way"
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not (tmp_path / "out.ndjson").exists()


def test_progress_is_told_and_ends_at_one(tmp_path, write_lines, capsys, monkeypatch):
    monkeypatch.setattr("privkit.progress.PATIENCE", 0)
    source = write_lines([{"a": number} for number in range(12_000)])
    told = []
    RECIPE.apply(source, output=tmp_path / "out.ndjson", progress=told.append)
    assert [progress.events for progress in told] == [5000, 10_000, 12_000]
    assert told[-1].share == 1.0
    assert all(one.share <= two.share for one, two in pairwise(told))
    RECIPE.apply(source, output=tmp_path / "out.ndjson", progress=True)
    assert "12000/12000" in capsys.readouterr().err


def test_packed_files_and_a_byte_order_mark(tmp_path, read_lines):
    source = tmp_path / "in.ndjson.gz"
    source.write_bytes(gzip.compress(b'\xef\xbb\xbf{"a": "\xc3\xa4"}\r\n\r\n{"a": 2}'))
    result = RECIPE.apply(str(source), output=tmp_path / "out.ndjson.gz")
    lines = gzip.decompress(result.events.read_bytes()).splitlines()
    assert [json.loads(line) for line in lines] == [{"a": "ä"}, {"a": 2}]
    assert result.report().after.n_events == 2


def test_input_output_and_quarantine_are_different_files(tmp_path, write_lines):
    source = write_lines([{"a": 1}])
    before = source.read_bytes()
    link = tmp_path / "link.ndjson"
    link.symlink_to(source)
    for options in (
        {"output": source},
        {"output": link},
        {},
        {"output": tmp_path / "x", "quarantine": tmp_path / "x", "on_error": "quarantine"},
        {"output": tmp_path / "no such folder" / "x"},
    ):
        with pytest.raises(EventsInputError):
            RECIPE.apply(source, **options)
    assert source.read_bytes() == before
    with pytest.raises(EventsInputError, match="cannot read"):
        RECIPE.apply(tmp_path / "none.ndjson", output=tmp_path / "out.ndjson")


def test_an_empty_file_gives_an_empty_file(tmp_path, write_lines):
    assert RECIPE.apply(write_lines([]), output=tmp_path / "out.ndjson").events.read_bytes() == b""


def test_merged_events_are_written_at_the_end(tmp_path, write_lines, read_lines):
    source = write_lines([{"d": number % 2, "n": 1} for number in range(10)])
    result = ev.Recipe([ev.merge(by="d", sum="n")]).apply(source, output=tmp_path / "out.ndjson")
    assert read_lines(result.events) == [{"d": 0, "n": 5, "events": 5}, {"d": 1, "n": 5, "events": 5}]


@pytest.mark.landing
def test_memory_stays_flat(tmp_path, write_lines, orders, key):
    recipe = ev.Recipe(
        [ev.pseudonymize("id", "shipping.to", key=key), ev.perturb("products[].price", within=1, by="id", key=key)]
    )
    source = write_lines(orders * 4)
    taken = []
    tracemalloc.start()
    try:
        recipe.apply(
            source,
            output=tmp_path / "out.ndjson",
            unmatched="drop",
            progress=lambda progress: taken.append(tracemalloc.get_traced_memory()[0]),
        )
    finally:
        tracemalloc.stop()
    assert len(taken) == 3
    assert max(taken[1:]) - taken[0] < 2_000_000  # bytes; the file has 5 million

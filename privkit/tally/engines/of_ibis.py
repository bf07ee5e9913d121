"""Tables of Ibis, over PostgreSQL and DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw

from privkit.tally.cells.cells import DATE, FLOAT, INSTANT, TEXT, TIME, WIDE
from privkit.tally.engines.native import BATCH, COUNT, ENCODED, OWN, RAW, VOID, WORDED, Column, Native, beyond

if TYPE_CHECKING:
    import pyarrow as pa

_HOUR = 3_600_000_000
#: PostgreSQL counts microseconds from 2000, so that its last years have no count from 1970 in 64 bits. Those counts go
#: on at the least number of 64 bits: below all earlier ones, and each by itself.
_LAST_DAY, _LAST_PART = divmod(2**63 - 1, 24 * _HOUR)


def ibis_native(table: Any) -> Native | None:
    """Return what reads an Ibis table, by its backend; None for backends that are not known."""
    import ibis

    backend = ibis.get_backend(table).name
    return {"postgres": PostgresNative, "duckdb": IbisDuckdbNative}.get(backend, lambda: None)()


class _IbisNative(Native):
    """Both engines compare text by collations: so text stands as its bytes."""

    #: The unit of moments that are kept to so many digits of a second, where it is none of microseconds.
    units: ClassVar[Mapping[int, str]] = {9: "ns"}
    #: The backend's function from a value to its type.
    type_of = "typeof"

    library = "ibis"

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a table."""
        types = dict(frame.schema().items())
        zoned = any(dtype.is_timestamp() and dtype.timezone for dtype in types.values())
        zone = self._zone(frame) if zoned else ""
        found = {name: _column(dtype, self.units, zone) for name, dtype in types.items()}
        for name in [name for name, dtype in types.items() if dtype.is_unknown()]:  # the backend has a word for it
            found[name] = Column.refused(self._told_type(frame, name) or "unknown to Ibis")
        for name in [name for name, column in found.items() if column.kind.name == TIME]:
            told = self._told_type(frame, name)
            if told.upper() not in ("TIME", "TIME WITHOUT TIME ZONE"):
                found[name] = Column.refused(told or found[name].native)
        return found

    def _zone(self, frame: Any) -> str:
        """Return the zone of the connection, in which instants have their days, as in a relation of DuckDB.

        Ibis tells UTC, to which it sets its connections; one may have been set to another since. No row is read.
        """
        import ibis

        try:
            setting = _function("current_setting", "string")(ibis.literal("TimeZone"))
            return str(frame.get_backend().to_pyarrow(setting).as_py() or "")
        except Exception:  # noqa: BLE001  # then it is not known
            return ""

    def _told_type(self, frame: Any, name: str) -> str:
        """Return the backend's own type of a column: Ibis has one word for times of the day with and without a zone.

        It is that of a value that no row has: no row is read.
        """
        try:
            none = frame.limit(0)[name].as_scalar()
            return str(_function(self.type_of, "string")(none).to_pyarrow().as_py())
        except Exception:  # noqa: BLE001  # then it is not known
            return ""

    def plain(self, frame: Any, columns: Mapping[str, Column]) -> Any:
        """Return the columns by Ibis' expressions and a few functions of the engine's own."""
        return frame.select(**{name: self._plain(frame[name], column) for name, column in columns.items()})

    def joined(self, frame: Any, columns: Mapping[str, tuple[str, Column]]) -> Any:
        """Return the table with more columns."""
        return frame.mutate(**{name: self._plain(frame[own], column) for name, (own, column) in columns.items()})

    def sent(self, frame: Any, table: pa.Table) -> Any:
        """Return a small table, which Ibis takes to the backend when the plan is run."""
        import ibis

        return ibis.memtable(table)

    def within(self, frame: Any, name: str, column: Column, low: int | None, high: int | None) -> Any:
        """Return decimals as floats, clipped as decimals."""
        import ibis

        own, cases = frame[name], []
        for sign, end in beyond(low, high):
            # HUGEINT is told as a decimal of 38 digits, to which its largest numbers, of 39, cannot be brought.
            whole = own.type().scale == 0
            bound = ibis.literal(end, "int64") if whole else ibis.literal(str(end)).cast(own.type())
            cases.append((own < bound if sign == "<" else own > bound, ibis.literal(float(end), "float64")))
        number = own.cast("float64")
        return frame.mutate(**{name: ibis.cases(*cases, else_=number) if cases else number})

    def arrow(self, frame: Any) -> pa.Table:
        """Run a table."""
        return frame.to_pyarrow(limit=None)

    def real(self, value: float) -> nw.Expr:
        """Return a float by its text, which the engines read exactly; as a decimal they would round it."""
        return nw.lit(repr(float(value))).cast(nw.Float64)

    def can_name(self, text: str) -> bool:
        """Whether a text can stand in SQL: zeros cannot."""
        return super().can_name(text) and "\0" not in text

    def _plain(self, own: Any, column: Column) -> Any:
        import ibis

        if column.form == VOID:
            return ibis.null("boolean")
        if column.kind.name == TEXT:
            return self._encoded(own if own.type().is_string() else own.cast("string"))
        if column.form == RAW:
            return own.cast("float64")
        if column.kind.name == FLOAT:
            return ibis.cases((own.isnan(), ibis.null("float64")), else_=own.cast("float64") + 0.0)
        if column.kind.name in (DATE, INSTANT, TIME):
            return self._counted(own, column)
        if column.kind.name == WIDE:
            return self._wide(own)
        return self._whole(own) if own.type().is_integer() and not own.type().is_uint64() else own

    def _whole(self, own: Any) -> Any:
        return own.cast("int64")

    def _encoded(self, text: Any) -> Any:
        raise NotImplementedError

    def _counted(self, own: Any, column: Column) -> Any:
        raise NotImplementedError

    def _wide(self, own: Any) -> Any:
        return own


class IbisDuckdbNative(_IbisNative):
    """DuckDB behind Ibis."""

    has_infinite_nanoseconds = True
    rounds_to_zero = True
    divides = True
    # Not every second or millisecond of its types is a microsecond: they travel as they are.
    units: ClassVar[Mapping[int, str]] = {0: "s", 3: "ms", 9: "ns"}

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a table; JSON is text there, as in a relation."""
        import pyarrow as pa

        found = super().columns(frame)
        for name in [name for name, dtype in frame.schema().items() if dtype.is_json()]:
            found[name] = Column.of(pa.large_string(), ENCODED, found[name].native)
        return found

    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return the table with a column for the part."""
        return frame.mutate(**{name: (_function("hash", "uint64")(frame[person]) % parts).cast("int64")})

    def _encoded(self, text: Any) -> Any:
        return _function("encode", "binary")(text)

    def _counted(self, own: Any, column: Column) -> Any:
        import ibis

        if column.form == OWN:
            return own
        if column.kind.name == TIME:
            return _function("epoch_us", "int64")(own)
        if column.kind.name == DATE:
            start = ibis.literal("1970-01-01").cast("date")
            return _finite(own, _function("date_diff", "int64")("day", start, own), start, 2**31 - 1, 1 - 2**31)
        epoch = _function("epoch_ns" if column.kind.unit == "ns" else "epoch_us", "int64")(own)
        start = ibis.literal("1970-01-01").cast(own.type())
        return _finite(own, epoch, start, 2**63 - 1, 1 - 2**63)


class PostgresNative(_IbisNative):
    """PostgreSQL behind Ibis: numbers and times may be infinite, and what raises by value is not asked of it."""

    type_of = "pg_typeof"

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a table; `money`, which Ibis tells as decimals, compares with no number."""
        found = super().columns(frame)
        for name, dtype in frame.schema().items():
            if dtype.is_decimal() and (dtype.precision, dtype.scale) == (19, 4):
                told = self._told_type(frame, name)
                if told == "money":
                    found[name] = Column.refused(told)
        return found

    def batches(self, frame: Any) -> Iterator[pa.Table]:
        """Run a table, a part of the rows at a time."""
        import pyarrow as pa

        for batch in frame.to_pyarrow_batches(limit=None, chunk_size=BATCH):
            yield pa.Table.from_batches([batch])

    def text(self, text: str) -> nw.Expr:
        """Return a text's bytes, escaped: Ibis' own literals of bytes are none that PostgreSQL reads."""
        return nw.lit(_escaped(text)).cast(nw.Binary)

    def texts(self, texts: Sequence[str]) -> list[Any]:
        """Return the bytes of texts."""
        import ibis

        return [ibis.literal(_escaped(text)).cast("binary") for text in texts]

    def headed(self, frame: nw.LazyFrame[Any], heads: Mapping[str, tuple[str, int]]) -> nw.LazyFrame[Any]:
        """Return a frame with the first characters of columns: an enum is told as text, and has none of its own."""
        own: Any = frame.to_native()
        text = _function("text", "string")
        found: nw.LazyFrame[Any] = nw.from_native(
            own.mutate(**{new: text(own[name]).left(length) for new, (name, length) in heads.items()})
        )
        return found

    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return the table with a column for the part; by the text of what is neither text nor number."""
        own = frame[person]
        if own.type().is_integer():
            code = _function("hashint8extended", "int64")(self._whole(own), 0)
        elif own.type().is_binary():
            code = _function("hashtextextended", "int64")(_function("encode", "string")(own, "hex"), 0)
        elif own.type().is_decimal():
            code = _function("hash_numeric_extended", "int64")(own, 0)
        else:
            code = _function("hashtextextended", "int64")(_function("text", "string")(own), 0)
        return frame.mutate(**{name: ((code % parts) + parts) % parts})

    def _encoded(self, text: Any) -> Any:
        return _function("convert_to", "binary")(_function("text", "string")(text), "UTF8")

    def _whole(self, own: Any) -> Any:
        # Ibis leaves out a cast to the type that it tells: but an enum is told as text, and an oid as a whole number.
        return _function("int8", "int64")(own)

    def _wide(self, own: Any) -> Any:
        import ibis

        nan = ibis.literal("NaN").cast(own.type())
        return ibis.cases((own == nan, ibis.null(own.type())), else_=own)

    def _counted(self, own: Any, column: Column) -> Any:
        import ibis

        if column.kind.name == TIME:  # up to 24:00:00, as DuckDB has it
            return _since_midnight(own)
        first = ibis.literal("1970-01-01").cast("date")
        days = _function("date_mi", "int32")
        if column.kind.name == DATE:
            count = days(_kept(own, first), first).cast("int64")
            return _finite(own, count, first, 2**31 - 1, 1 - 2**31)
        if column.kind.zone:
            own = _function("timezone", "timestamp")("UTC", own)
        start = ibis.literal("1970-01-01").cast("timestamp")
        moment = _kept(own, start)
        day, part = days(moment.cast("date"), first).cast("int64"), _since_midnight(moment)
        late = (day > _LAST_DAY) | ((day == _LAST_DAY) & (part >= _LAST_PART))
        after = ibis.cases((late, day - _LAST_DAY), else_=0) * (24 * _HOUR) + (part - _LAST_PART) - (2**63 - 1) - 1
        count = ibis.cases((late, after), else_=ibis.cases((late, 0), else_=day) * (24 * _HOUR) + part)
        return _finite(own, count, start, 2**63 - 1, -91 * 10**17)


def _since_midnight(own: Any) -> Any:
    """Return the microseconds of a time of PostgreSQL since midnight."""
    whole = _function("int8", "int64")
    minutes = whole(own.hour()) * _HOUR + whole(own.minute()) * (_HOUR // 60)
    return minutes + whole(own.second()) * 1_000_000 + whole(own.microsecond())


def _escaped(text: str) -> str:
    """Return a text's bytes as PostgreSQL's function `decode` reads them."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte != ord("\\") else f"\\{byte:03o}" for byte in text.encode())


def _kept(own: Any, other: Any) -> Any:
    """Return finite times, and another one for infinity."""
    import ibis

    return ibis.cases((_function("isfinite", "boolean")(own), own), else_=other)


def _finite(own: Any, count: Any, start: Any, most: int, least: int) -> Any:
    import ibis

    return ibis.cases(
        (_function("isfinite", "boolean")(own), count),
        (own > start, ibis.literal(most, "int64")),
        (own < start, ibis.literal(least, "int64")),
    )


@cache
def _function(name: str, returned: str) -> Callable[..., Any]:
    """Return a function of the engine's own by its name."""
    import ibis

    def one(a): ...  # type: ignore[no-untyped-def]
    def two(a, b): ...  # type: ignore[no-untyped-def]
    def three(a, b, c): ...  # type: ignore[no-untyped-def]

    declared = {}
    for places, function in enumerate((one, two, three), start=1):
        function.__annotations__["return"] = ibis.dtype(returned)
        declared[places] = ibis.udf.scalar.builtin(function, name=name)
    return lambda *arguments: declared[len(arguments)](*arguments)


def _column(dtype: Any, units: Mapping[int, str], zone: str) -> Column:
    import pyarrow as pa

    shown = str(dtype.copy(nullable=True))
    if dtype.is_boolean():
        return Column.of(pa.bool_(), OWN, shown)
    if dtype.is_integer():
        return Column.of(pa.uint64() if dtype.is_uint64() else pa.int64(), OWN, shown)
    if dtype.is_floating():
        return Column.of(pa.float64(), OWN, shown)
    if dtype.is_string() or dtype.is_uuid():
        return Column.of(pa.large_string(), ENCODED, shown)
    if dtype.is_binary():
        return Column.of(pa.large_binary(), OWN, shown)
    if dtype.is_date():
        return Column.of(pa.date32(), COUNT, shown)
    if dtype.is_time():
        return Column.of(pa.time64("us"), COUNT, shown)
    if dtype.is_decimal() and dtype.precision is not None and dtype.precision <= 75:
        # HUGEINT is told as one of 38 digits, and has 39.
        fits = pa.decimal128 if dtype.precision < 38 else pa.decimal256
        digits = dtype.precision + (dtype.precision >= 38)
        return Column.of(fits(digits, dtype.scale or 0), WORDED, shown)
    if dtype.is_timestamp():
        unit = units.get(dtype.scale, "us")
        return Column.of(
            pa.timestamp(unit, dtype.timezone and (zone or dtype.timezone)),
            OWN if unit in ("s", "ms") else COUNT,
            shown,
        )
    return Column.of(pa.null(), VOID, shown) if dtype.is_null() else Column.refused(shown)

"""Makes the tables beside it by pandas 3.1.1, pyarrow 26.0.1 and NumPy 2.4.6: the same rows as CSV, Parquet and arrays.

    pip install pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
    python make.py
"""

import decimal
import pathlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
N = 60
rng = np.random.default_rng(0)


def gaps(values, every):
    return [None if i % every == every - 1 else value for i, value in enumerate(values)]


def table():
    """A column of each type that a table has, with and without gaps, and two of lists and structures."""
    small, large = rng.integers(-100, 100, N), rng.integers(0, 2**31, N)
    real = rng.normal(size=N)
    city = ["Bonn", "Kiel", "Ulm, a. d. D.", 'the "third"', "zwei\nZeilen", "é"]
    seconds = [int(x) for x in rng.integers(0, 2_000_000_000, N)]
    moments = [1_000_000 * s + (i % 3) * 500_000 for i, s in enumerate(seconds)]
    columns = {
        "row": (pa.int64(), list(range(N))),
        "truth": (pa.bool_(), [i % 3 == 0 for i in range(N)]),
        "truth_gaps": (pa.bool_(), gaps([i % 3 == 0 for i in range(N)], 7)),
        "i8": (pa.int8(), [int(x) for x in small]),
        "u8": (pa.uint8(), [int(x) + 128 for x in small]),
        "i16": (pa.int16(), gaps([int(x) * 300 for x in small], 5)),
        "u16": (pa.uint16(), [int(x) + 60_000 for x in small]),
        "i32": (pa.int32(), [int(x) for x in large]),
        "u32": (pa.uint32(), [int(x) + 2**31 for x in large]),
        "i64": (pa.int64(), gaps([int(x) * -(2**30) for x in large], 9)),
        "u64": (pa.uint64(), [int(x) + 2**63 for x in large]),
        "few": (pa.int64(), [i % 4 for i in range(N)]),
        "f16": (pa.float16(), [np.float16(x) for x in real]),
        "f32": (pa.float32(), [float(np.float32(x)) for x in real]),
        "f64": (pa.float64(), gaps([float(x) for x in real * 1e-9], 11)),
        "whole": (pa.float64(), [float(i % 5) for i in range(N)]),
        "money": (pa.decimal128(9, 2), [decimal.Decimal(int(x)).scaleb(-2) for x in large % 100_000]),
        "much": (pa.decimal256(50, 3), gaps([decimal.Decimal(-int(x)).scaleb(-3) for x in large], 13)),
        "city": (pa.string(), gaps([city[i % 6] for i in range(N)], 8)),
        "level": (pa.dictionary(pa.int8(), pa.string()), [["low", "high"][i % 2] for i in range(N)]),
        "said": (pa.large_string(), [["yes", "no", "NA"][i % 3] for i in range(N)]),
        "name": (pa.string(), [f"name {i}" for i in range(N)]),
        "day": (pa.date32(), gaps([s // 86_400 for s in seconds], 10)),
        "ms": (pa.timestamp("ms"), [m // 1000 for m in moments]),
        "us": (pa.timestamp("us", tz="UTC"), gaps(moments, 6)),
        "ns": (pa.timestamp("ns"), [1000 * m for m in moments]),
        "clock": (pa.time32("s"), [s % 4 * 3600 for s in seconds]),
        "nothing": (pa.null(), [None] * N),
        "list": (pa.list_(pa.int32()), [[i, i] for i in range(N)]),
        "struct": (pa.struct([("a", pa.int32()), ("b", pa.string())]), [{"a": i, "b": "x"} for i in range(N)]),
        "hash": (pa.binary(2), [bytes([i, 255]) for i in range(N)]),
    }
    arrays = {name: pa.array(values, type=kind) for name, (kind, values) in columns.items()}
    return pa.table(arrays)


def write_parquet(table):
    options = {
        "plain": {"compression": "none", "use_dictionary": False, "version": "1.0", "use_deprecated_int96_timestamps": True},
        "snappy": {"compression": "snappy", "row_group_size": 25},
        "zstd": {"compression": "zstd", "data_page_version": "2.0", "data_page_size": 200},
        "gzip": {"compression": "gzip", "write_statistics": False},
        "lz4": {"compression": "lz4", "data_page_version": "2.0"},
        "brotli": {"compression": "brotli"},
    }
    for name, option in options.items():
        pq.write_table(table, HERE / f"{name}.parquet", store_schema=False, **option)
    # The encodings that no writer takes of its own accord.
    encodings = {
        **{name: "DELTA_BINARY_PACKED" for name in ["i8", "i16", "i32", "i64", "u64"]},
        **{name: "BYTE_STREAM_SPLIT" for name in ["f32", "f64"]},
        "city": "DELTA_LENGTH_BYTE_ARRAY",
        "name": "DELTA_BYTE_ARRAY",
    }
    option = {"use_dictionary": ["level"], "column_encoding": encodings, "compression": "zstd"}
    pq.write_table(table, HERE / "delta.parquet", store_schema=False, data_page_version="2.0", **option)


def write_copies(table):
    """Parquet of the rows of a CSV: those of table.csv, and what pandas reads from the penguins."""
    flat = table.drop_columns(["list", "struct", "hash"])
    pq.write_table(flat, HERE / "flat.parquet", store_schema=False, compression="zstd")
    pd.read_csv(HERE / "../../examples/penguins.csv").to_parquet(HERE / "penguins.parquet", compression="zstd")


def write_csv(table):
    """What pandas makes of it, with whole numbers where there are gaps."""
    frame = table.drop_columns(["list", "struct", "hash"]).to_pandas(types_mapper=pd.ArrowDtype)
    frame["f16"] = frame["f16"].astype("float32")
    frame.to_csv(HERE / "table.csv", index=False)


def write_arrays():
    x = rng.normal(size=(30, 3))
    y = np.array(["low", "high", "é"] * 10)
    np.savetxt(HERE / "x.csv", x, delimiter=",", fmt="%.17g")
    np.save(HERE / "f8.npy", x)
    np.save(HERE / "big-endian.npy", x.astype(">f8"))
    np.save(HERE / "fortran.npy", np.asfortranarray(x))
    np.save(HERE / "one.npy", x[:, 0])
    fields = np.zeros(30, dtype=[("number", "<f4"), ("place", "S3"), ("level", "U4"), ("day", "M8[D]"), ("true", "?")])
    fields["number"], fields["place"], fields["level"] = x[:, 0], "Ulm", y
    fields["day"] = np.datetime64("2024-01-01") + np.arange(30) * 3 % 7
    fields["true"] = x[:, 1] > 0
    np.save(HERE / "fields.npy", fields)
    np.savez(HERE / "stored.npz", X=x, y=y)
    np.savez_compressed(HERE / "deflated.npz", X=np.asfortranarray(x), y=y.reshape(-1, 1))
    np.save(HERE / "objects.npy", np.array([1, "a", None], dtype=object), allow_pickle=True)


rows = table()
write_parquet(rows)
write_copies(rows)
write_csv(rows)
write_arrays()

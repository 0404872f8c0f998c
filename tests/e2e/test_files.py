# SPDX-License-Identifier: Apache-2.0
"""Awkward data files: each loads with the right numbers, or is refused with one clear sentence."""
import ctypes
import gzip
import json
import os
import sqlite3

import pytest

from conftest import ROOT

TOWNS = [{"city": "Oslo", "amount": 1.5}, {"city": "Rome", "amount": 2.5}]
CSV = "city,amount\nOslo,1.5\nRome,2.5\n"


def sqlite_file(path):
    database = sqlite3.connect(path)
    database.execute("create table towns(city text, amount real)")
    database.executemany("insert into towns values (:city, :amount)", TOWNS)
    database.commit()
    database.close()


def parquet_file(path):
    """Written by DuckDB's own library, through its C interface."""
    library = ctypes.CDLL(str(ROOT / "deps/duckdb/libduckdb.so"))
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    assert library.duckdb_open(None, ctypes.byref(database)) == 0
    assert library.duckdb_connect(database, ctypes.byref(connection)) == 0
    sql = (f"COPY (SELECT * FROM (VALUES ('Oslo', 1.5::DOUBLE), ('Rome', 2.5)) t(city, amount)) "
           f"TO '{path}' (FORMAT parquet)")
    assert library.duckdb_query(connection, sql.encode(), None) == 0
    library.duckdb_disconnect(ctypes.byref(connection))
    library.duckdb_close(ctypes.byref(database))


# Name of the file, its content (bytes, text, or a function that writes it), total of "amount", rows.
LOADED = [
    ("plain.csv", CSV, 4, 2),
    ("bom.csv", b"\xef\xbb\xbf" + CSV.encode(), 4, 2),
    ("windows.csv", CSV.replace("\n", "\r\n"), 4, 2),
    ("no-last-newline.csv", CSV.rstrip("\n"), 4, 2),
    ("semicolons.csv", CSV.replace(",", ";"), 4, 2),
    ("tabs.tsv", CSV.replace(",", "\t"), 4, 2),
    ("decimal-commas.csv", "city;amount\nOslo;1,50\nRome;1.234,25\n", 1235.75, 2),
    ("quoted.csv", 'city,note,amount\n"Oslo","two\nlines, and ""quotes""",1.5\nRome,"a, b",2.5\n', 4, 2),
    ("duplicate-headers.csv", "city,amount,amount\nOslo,1,10\nRome,2,20\n", 3, 2),
    ("empty-header.csv", "city,,amount\nOslo,a,1\nRome,b,2\n", 3, 2),
    ("short-rows.csv", "city,note,amount\nOslo,a,5\nRome,b\nBern,c,7\n", 12, 3),
    ("latin-1.csv", "city,amount\nMünchen,1.5\nMalmö,2.5\n".encode("latin-1"), 4, 2),
    ("utf-16.csv", "city,amount\nMünchen,1.5\nMalmö,2.5\n".encode("utf-16"), 4, 2),
    ("wide.csv", ",".join(f"c{i}" for i in range(499)) + ",amount\n" + "7," * 499 + "4\n", 4, 1),
    ("packed.csv.gz", gzip.compress(CSV.encode()), 4, 2),
    ("list.json", json.dumps(TOWNS), 4, 2),
    ("lines.ndjson", "".join(json.dumps(town) + "\n" for town in TOWNS), 4, 2),
    ("lines.jsonl", "".join(json.dumps(town) + "\n" for town in TOWNS), 4, 2),
    ("packed.json.gz", gzip.compress(json.dumps(TOWNS).encode()), 4, 2),
    ("nested.json", json.dumps([{**town, "tags": ["a", "b"], "place": {"lat": 1.5}} for town in TOWNS]), 4, 2),
    ("uneven.json", json.dumps([TOWNS[0], {"amount": 2.5, "extra": 1}]), 4, 2),
    ("table.parquet", parquet_file, 4, 2),
    ("table.txt", CSV, 4, 2),
    ("table.log", CSV.replace(",", "\t"), 4, 2),
    ("table.dat", CSV.replace(",", "|"), 4, 2),
    ("ragged.txt", "city,amount,note\nOslo,1.5,x\nRome,2.5\nBern,0,y\n", 4, 3),
    ("list.txt", "amount\n1.5\n2.5\n", 4, 2),
    ("base.sqlite", sqlite_file, 4, 2),
    ("it's a \"name\" – ö.csv", CSV, 4, 2),
]

# Name, content, what the sentence must say.
REFUSED = [
    ("empty.csv", "", "it is empty"),
    ("blank.csv", "\n\n\n", "it is empty"),
    ("long-rows.csv", "city,amount\nOslo,1\nRome,2,3\nBern,4\n", "line 3 has 3 values"),
    ("open-quote.csv", 'city,amount\n"Oslo,1\nRome,2\n', "line 2: a quoted value has no closing quote"),
    ("too-wide.csv", ",".join(f"c{i}" for i in range(1601)) + "\n" + ",".join("1" * 1601) + "\n",
     "1601 columns, more than the limit of 1600"),
    ("binary.csv", bytes(range(256)) * 40, "binary data"),
    ("zeros.csv", b"a,b\n1,\x002\n", "binary data"),
    ("cut.csv.gz", gzip.compress(CSV.encode() * 1000)[:60], "can't be unpacked"),
    ("document.csv", b"%PDF-1.4\n%\xe2\xe3\n", "PDF"),
    ("sheet.xlsx", b"PK\x03\x04" + bytes(100), "save it as CSV"),
    ("plain.pdf", "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "PDF"),
    ("page.html", "<!DOCTYPE html>\n<html><body><p>Hello, world</p></body></html>\n", "web page"),
    ("download.csv", "\n <html><head><title>Sign in</title></head></html>\n", "web page"),
    ("feed.xml", '<?xml version="1.0"?>\n<a><b>1</b></a>\n', "XML"),
    ("letter.rtf", "{\\rtf1\\ansi Dear all, hello.}", "RTF"),
    ("letter.txt", "Dear all,\n\nthe meeting on Monday, as you know, is moved.\nBring paper, pens, and cake.\n\n"
     "Best wishes\nAna\n", "text without columns"),
    ("server.log", "2024-01-01 12:00:00 the server has started on port 80\n"
     "2024-01-01 12:00:01 one client has come and gone\n" * 5, "text without columns"),
]


def write(folder, name, content):
    path = folder / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name, content, total, rows", LOADED, ids=[row[0] for row in LOADED])
def test_a_file_loads_with_the_right_numbers(querent, tmp_path, name, content, total, rows):
    path = write(tmp_path, name, content)
    reply = querent.ask("total amount", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[pytest.approx(total)]], reply["sql_query"]
    listed = json.loads(querent.run("datasets", "--data", path, "--json").stdout)
    assert [dataset["row_count"] for dataset in listed] == [rows]


@pytest.mark.parametrize("name, content, sentence", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_file_is_refused_with_one_sentence(querent, tmp_path, name, content, sentence):
    path = write(tmp_path, name, content)
    result = querent.run("profile", path)
    problems = [line for line in result.stderr.splitlines() if name in line]
    assert result.returncode == 1 and result.stdout == ""
    assert len(problems) == 1 and sentence in problems[0], result.stderr
    assert "/worker" not in result.stderr and "Sanitizer" not in result.stderr


@pytest.mark.parametrize("arguments", [["ask", "--json", "total"], ["ask", "total"], ["chat"], ["datasets"]])
def test_nothing_but_a_refused_file_is_an_error(querent, tmp_path, arguments):
    path = write(tmp_path, "empty.csv", "")
    result = querent.run(arguments[0], "--data", path, *arguments[1:], input="")
    assert result.returncode == 2
    assert json.loads(result.stdout)["code"] == "config" if "--json" in arguments else result.stdout == ""
    assert result.stderr.count("it is empty") == 1
    assert "there is nothing to ask about" in result.stderr


def test_letters_of_other_encodings_arrive(querent, tmp_path):
    for name, content in (("latin.csv", "city,amount\nMünchen,1\nMalmö,2\n".encode("latin-1")),
                          ("wide.csv", "city,amount\nMünchen,1\nMalmö,2\n".encode("utf-16"))):
        path = write(tmp_path, name, content)
        reply = querent.ask("amount by city", "--data", path)
        assert {tuple(row.values()) for row in reply["data_sample"]} == {("München", 1), ("Malmö", 2)}


def test_conversions_are_said(querent, tmp_path):
    path = write(tmp_path, "decimal.csv", "city;amount\nOslo;1,50\nRome;2,25\n")
    result = querent.run("ask", "--data", path, "total amount")
    assert "separated by semicolons" in result.stderr and "decimal commas" in result.stderr


def test_a_header_without_rows(querent, tmp_path):
    path = write(tmp_path, "headers.csv", "city,amount\n")
    listed = json.loads(querent.run("datasets", "--data", path, "--json").stdout)
    assert listed[0]["row_count"] == 0 and len(listed[0]["columns"]) == 2
    reply = querent.ask("how many rows are there", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[0]]


def test_the_widest_table_is_asked_about(querent, tmp_path):
    names = [f"c{i}" for i in range(1600)]
    path = write(tmp_path, "widest.csv", ",".join(names) + "\n" + "7," * 1599 + "8\n")
    reply = querent.ask("total c1599", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[8]]


def test_integers_stay_exact(querent, tmp_path):
    path = write(tmp_path, "large.csv", "city,amount\nOslo,9223372036854775807\nRome,-9223372036854775808\n")
    result = querent.run("ask", "--json", "--data", path, "amount by city")
    assert "9223372036854775807" in result.stdout and "-9223372036854775808" in result.stdout


def test_a_folder_without_data(querent, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    result = querent.run("ask", "--data", folder, "total amount")
    assert result.returncode == 2 and "nothing to ask about" in result.stderr


def test_a_folder_with_a_good_and_a_bad_file(querent, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder, "good.csv", CSV)
    write(folder, "bad.csv", "")
    result = querent.run("ask", "--data", folder, "total amount")
    assert result.returncode == 0 and "Total amount: 4" in result.stdout
    assert "bad.csv" in result.stderr and "it is empty" in result.stderr


def test_tables_of_one_sqlite_file_are_datasets(querent, tmp_path):
    path = tmp_path / "two.sqlite"
    database = sqlite3.connect(path)
    database.execute("create table apples(kind text, weight real)")
    database.execute("create table pears(kind text, price real)")
    database.execute("insert into apples values ('red', 2)")
    database.executemany("insert into pears values (?, ?)", [("green", 3), ("yellow", 4)])
    database.commit()
    database.close()
    listed = json.loads(querent.run("datasets", "--data", path, "--json").stdout)
    assert len(listed) == 2
    reply = querent.ask("total price of pears", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[7]]


def test_what_is_no_file_is_refused_at_once(querent, tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero"):
        result = querent.run("profile", path, timeout=60)
        assert result.returncode == 1 and "neither a file nor a folder" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(querent, tmp_path):
    path = write(tmp_path, "closed.csv", CSV)
    path.chmod(0)
    result = querent.run("profile", path)
    assert result.returncode == 1 and "Permission denied" in result.stderr


def test_a_changed_file_is_read_again(querent, tmp_path):
    path = write(tmp_path, "towns.csv", CSV)
    assert querent.ask("total amount", "--data", path)["data_sample"][0]
    write(tmp_path, "towns.csv", CSV + "Bern,6\n")
    reply = querent.ask("total amount", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[10]]


def test_a_file_within_the_home_is_not_data(querent, tmp_path, sales):
    """The home may lie in the folder of the data: what the program keeps there is no data."""
    querent.home = tmp_path / "querent"
    querent.environment["QUERENT_HOME"] = str(querent.home)
    querent.ask("total revenue", "--data", tmp_path)
    listed = json.loads(querent.run("datasets", "--data", tmp_path, "--json").stdout)
    assert [dataset["dataset_id"] for dataset in listed] == ["sales"]

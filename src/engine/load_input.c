/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/load_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#include "core/strbuf.h"

#define CHUNK_SIZE (256u << 10)
#define SQLITE_START "SQLite format 3" /* and the NUL */
#define INK_SIZE 16

enum encoding { ENCODING_UTF8, ENCODING_UTF16_LITTLE, ENCODING_UTF16_BIG, ENCODING_WINDOWS_1252 };

/* What one pass over the unpacked bytes found. */
struct survey {
    bool packed;
    bool utf8;      /* all of it */
    bool has_nul;   /* or other bytes that text does not have */
    bool high_c1;   /* bytes that Windows-1252 does not have either */
    char ink[INK_SIZE]; /* the first bytes from the first that is no blank, in lower case */
    size_t ink_length;
    uint64_t size;
    unsigned char start[16];
    size_t start_length;
};

/* -- surveying -- */

/* Bytes of an UTF-8 character that continue in the next chunk. */
static size_t cut_at_end(const unsigned char *bytes, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char c = bytes[length - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t needed = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return needed > back ? back : 0;
    }
    return 0;
}

static void look_at_bytes(struct survey *survey, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = bytes[i];
        if (c == 0 || (c < 0x20 && !strchr("\t\n\v\f\r\x1a\x1b", c)))
            survey->has_nul = true;
        if (c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 || c == 0x9d)
            survey->high_c1 = true;
        bool blank = char_is_space((char)c) || c == 0xef || c == 0xbb || c == 0xbf;
        if (survey->ink_length < INK_SIZE && (survey->ink_length > 0 || !blank))
            survey->ink[survey->ink_length++] = char_lower((char)c);
    }
}

static bool read_error(gzFile file, struct error *err)
{
    int code;
    const char *message = gzerror(file, &code);
    if (code == Z_ERRNO)
        return error_set(err, ERROR_IO, "it can't be read: %s", strerror(errno));
    return error_set(err, ERROR_DATA, "it can't be unpacked: %s", message);
}

static bool survey_file(const char *path, uint32_t size_max_mb, struct arena *arena,
                        struct survey *out, struct error *err)
{
    gzFile file = gzopen(path, "rb");
    if (!file)
        return error_set(err, ERROR_IO, "it can't be read: %s", strerror(errno));
    unsigned char *chunk = arena_alloc(arena, CHUNK_SIZE + 4);
    size_t kept = 0;
    int length;
    uint64_t size_max = (uint64_t)size_max_mb << 20;
    *out = (struct survey){.utf8 = true};
    while ((length = gzread(file, chunk + kept, CHUNK_SIZE)) > 0) {
        if (out->size == 0) {
            out->start_length =
                (size_t)length < sizeof(out->start) ? (size_t)length : sizeof(out->start);
            memcpy(out->start, chunk, out->start_length);
        }
        out->size += (uint64_t)length;
        if (out->size > size_max)
            break;
        look_at_bytes(out, chunk + kept, (size_t)length);
        size_t total = kept + (size_t)length, cut = cut_at_end(chunk, total);
        out->utf8 = out->utf8 && str_is_utf8((struct str){(char *)chunk, total - cut});
        memmove(chunk, chunk + total - cut, cut);
        kept = cut;
    }
    out->utf8 = out->utf8 && kept == 0;
    out->packed = !gzdirect(file) && out->size > 0;
    int code = Z_OK; /* a file that was cut reads well to its end */
    gzerror(file, &code);
    bool ok = (length >= 0 && code != Z_BUF_ERROR) || read_error(file, err);
    if (ok && out->size > size_max)
        ok = error_set(err, ERROR_DATA,
                       "it is larger than %u MB%s, the limit that QUERENT_FILE_MB sets",
                       size_max_mb, gzdirect(file) ? "" : " when unpacked");
    gzclose_r(file);
    return ok;
}

/* -- converting -- */

static void add_character(struct strbuf *out, uint32_t c)
{
    if (c < 0x80) {
        strbuf_add_char(out, (char)c);
    } else if (c < 0x800) {
        strbuf_add_char(out, (char)(0xc0 | c >> 6));
        strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        strbuf_add_char(out, (char)(0xe0 | c >> 12));
        strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        strbuf_add_char(out, (char)(0xf0 | c >> 18));
        strbuf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* What 0x80 to 0x9f mean; the rest is as in Latin-1. */
static uint32_t windows_1252(unsigned char c)
{
    static const uint16_t upper[32] = {
        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    return c >= 0x80 && c < 0xa0 ? upper[c - 0x80] : c;
}

/* The state of a conversion between chunks. */
struct converter {
    enum encoding encoding;
    uint32_t half;   /* UTF-16: the first byte of a unit, plus 0x100 */
    uint32_t high;   /* UTF-16: a high surrogate that waits for its low one */
    bool seen_first; /* to drop the byte order mark */
};

static void add_unit(struct converter *converter, uint32_t unit, struct strbuf *out)
{
    bool first = !converter->seen_first;
    converter->seen_first = true;
    if (first && unit == 0xfeff)
        return;
    bool low = unit >= 0xdc00 && unit < 0xe000;
    if (converter->high && low) {
        add_character(out, 0x10000 + ((converter->high - 0xd800) << 10) + (unit - 0xdc00));
        converter->high = 0;
        return;
    }
    if (converter->high)
        add_character(out, 0xfffd);
    converter->high = 0;
    if (unit >= 0xd800 && unit < 0xdc00)
        converter->high = unit;
    else
        add_character(out, low ? 0xfffd : unit);
}

static void convert(struct converter *converter, const unsigned char *bytes, size_t length,
                    struct strbuf *out)
{
    strbuf_reset(out);
    if (converter->encoding == ENCODING_UTF8) {
        strbuf_add_bytes(out, bytes, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (converter->encoding == ENCODING_WINDOWS_1252) {
            add_character(out, windows_1252(bytes[i]));
        } else if (!converter->half) {
            converter->half = 0x100u | bytes[i];
        } else {
            uint32_t first = converter->half & 0xff, second = bytes[i];
            converter->half = 0;
            add_unit(converter,
                     converter->encoding == ENCODING_UTF16_BIG ? first << 8 | second
                                                               : second << 8 | first,
                     out);
        }
    }
}

static bool convert_file(const char *path, const char *target, enum encoding encoding,
                         struct arena *arena, struct error *err)
{
    gzFile file = gzopen(path, "rb");
    FILE *copy = file ? fopen(target, "wb") : NULL;
    if (!copy) {
        error_set(err, ERROR_IO, "it can't be converted: %s", strerror(errno));
        if (file)
            gzclose_r(file);
        return false;
    }
    unsigned char *chunk = arena_alloc(arena, CHUNK_SIZE);
    struct strbuf text = strbuf_init(4 * CHUNK_SIZE);
    struct converter converter = {.encoding = encoding};
    int length;
    bool ok = true;
    while (ok && (length = gzread(file, chunk, CHUNK_SIZE)) > 0) {
        convert(&converter, chunk, (size_t)length, &text);
        ok = fwrite(strbuf_text(&text), 1, text.length, copy) == text.length;
    }
    strbuf_clear(&text);
    gzclose_r(file);
    if (fclose(copy) != 0 || !ok)
        return error_set(err, ERROR_IO, "it can't be converted: %s", strerror(errno));
    return true;
}

/* -- deciding -- */

static bool starts_with(const struct survey *survey, const char *bytes, size_t length)
{
    return survey->start_length >= length && memcmp(survey->start, bytes, length) == 0;
}

static bool name_ends(const char *path, const char *ending)
{
    struct str name = str_from(path);
    size_t length = strlen(ending);
    return name.length > length && strcasecmp(path + name.length - length, ending) == 0;
}

const char *load_input_hint(const char *path)
{
    static const struct {
        const char *ending, *hint;
    } endings[] = {
        {".csv", "csv"},        {".tsv", "csv"},       {".csv.gz", "csv"},
        {".tsv.gz", "csv"},     {".json", "json"},     {".ndjson", "json"},
        {".jsonl", "json"},     {".geojson", "json"},  {".json.gz", "json"},
        {".ndjson.gz", "json"}, {".jsonl.gz", "json"}, {".geojson.gz", "json"},
    };
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (name_ends(path, endings[i].ending))
            return endings[i].hint;
    return "any";
}

static const struct {
    const char *bytes;
    size_t length;
    const char *what;
} unreadable_kinds[] = {
    {"PK\x03\x04", 4, "it is a spreadsheet (Excel, OpenDocument) or a ZIP archive; save it as CSV first"},
    {"\xd0\xcf\x11\xe0", 4, "it is an old Excel or Office file; save it as CSV first"},
    {"GIF8", 4, "it is a picture, not a table"},
    {"\x89PNG", 4, "it is a picture, not a table"},
    {"\xff\xd8\xff", 3, "it is a picture, not a table"},
    {"\x28\xb5\x2f\xfd", 4, "it is packed with zstd; unpack it first"},
    {"BZh", 3, "it is packed with bzip2; unpack it first"},
    {"\xfd"
     "7zXZ",
     5, "it is packed with xz; unpack it first"},
    {"ARROW1", 6, "it is an Arrow file; save it as Parquet or CSV first"},
    {"\x7f"
     "ELF",
     4, "it is a program, not a table"},
};

/* Documents that are text, told by how they begin, whatever their name says. */
static bool refuse_documents(const struct survey *survey, struct error *err)
{
    static const struct {
        const char *start, *what;
    } documents[] = {
        {"<!doctype", "it is a web page (HTML), not a table"},
        {"<html", "it is a web page (HTML), not a table"},
        {"<head", "it is a web page (HTML), not a table"},
        {"<body", "it is a web page (HTML), not a table"},
        {"<table", "it is HTML; save the table as CSV first"},
        {"<?xml", "it is an XML document; save its table as CSV first"},
        {"<svg", "it is a picture, not a table"},
        {"<!--", "it is a web page or XML document, not a table"},
        {"{\\rtf", "it is a text document (RTF), not a table"},
        {"%pdf-", "it is a PDF document, not a table"},
        {"%!ps", "it is a PostScript document, not a table"},
    };
    struct str ink = {survey->ink, survey->ink_length};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (str_starts(ink, str_from(documents[i].start)))
            return error_set(err, ERROR_DATA, "%s", documents[i].what);
    return true;
}

static bool find_encoding(const struct survey *survey, enum encoding *out, struct error *err)
{
    for (size_t i = 0; i < sizeof(unreadable_kinds) / sizeof(unreadable_kinds[0]); i++)
        if (starts_with(survey, unreadable_kinds[i].bytes, unreadable_kinds[i].length) &&
            (survey->has_nul || !survey->utf8))
            return error_set(err, ERROR_DATA, "%s", unreadable_kinds[i].what);
    if (starts_with(survey, "\xff\xfe", 2))
        *out = ENCODING_UTF16_LITTLE;
    else if (starts_with(survey, "\xfe\xff", 2))
        *out = ENCODING_UTF16_BIG;
    else if (survey->has_nul)
        return error_set(err, ERROR_DATA, "it holds binary data, not text");
    else if (survey->utf8)
        *out = ENCODING_UTF8;
    else if (survey->high_c1)
        return error_set(err, ERROR_DATA, "it is neither UTF-8 nor Latin-1 text; save it as UTF-8");
    else
        *out = ENCODING_WINDOWS_1252;
    return true;
}

static bool is_json(const char *path, const struct survey *survey)
{
    const char *hint = load_input_hint(path);
    bool looks = survey->ink[0] == '{' || survey->ink[0] == '[';
    return strcmp(hint, "json") == 0 || (looks && strcmp(hint, "any") == 0);
}

static bool link_file(const char *path, const char *target, struct error *err)
{
    if (symlink(path, target) == 0)
        return true;
    return error_set(err, ERROR_IO, "a link to it can't be made: %s", strerror(errno));
}

static bool prepare_text(const char *path, const struct survey *survey, struct arena *arena,
                         struct load_input *out, struct error *err)
{
    enum encoding encoding = ENCODING_UTF8;
    if (!refuse_documents(survey, err) || !find_encoding(survey, &encoding, err))
        return false;
    static const char *const notes[] = {
        [ENCODING_UTF16_LITTLE] = "read as UTF-16",
        [ENCODING_UTF16_BIG] = "read as UTF-16",
        [ENCODING_WINDOWS_1252] = "not UTF-8: read as Windows-1252 (Latin-1)",
    };
    out->note = encoding == ENCODING_UTF8 ? NULL : notes[encoding];
    out->format = is_json(path, survey) ? LOAD_JSON : LOAD_CSV;
    out->unnamed = strcmp(load_input_hint(path), "any") == 0;
    out->path = out->format == LOAD_JSON ? "input.json" : "input.csv";
    if (encoding == ENCODING_UTF8 && !survey->packed)
        return link_file(path, out->path, err);
    return convert_file(path, out->path, encoding, arena, err);
}

bool load_input_is_sqlite(const char *path)
{
    char start[sizeof(SQLITE_START)] = {0};
    FILE *file = fopen(path, "rbe");
    bool is = file && fread(start, 1, sizeof(start), file) == sizeof(start) &&
              memcmp(start, SQLITE_START, sizeof(start)) == 0;
    if (file)
        fclose(file);
    return is;
}

bool load_input_prepare(const char *path, uint32_t size_max_mb, struct arena *arena,
                        struct load_input *out, struct error *err)
{
    struct survey survey = {0};
    *out = (struct load_input){0};
    if (!survey_file(path, size_max_mb, arena, &survey, err))
        return false;
    out->size = survey.size;
    if (survey.ink_length == 0)
        return error_set(err, ERROR_DATA, "it is empty");
    if (starts_with(&survey, "PAR1", 4)) {
        out->format = LOAD_PARQUET;
        out->path = "input.parquet";
        return survey.packed ? convert_file(path, out->path, ENCODING_UTF8, arena, err)
                             : link_file(path, out->path, err);
    }
    if (starts_with(&survey, SQLITE_START, sizeof(SQLITE_START))) {
        out->format = LOAD_SQLITE;
        out->path = path;
        return !survey.packed || error_set(err, ERROR_DATA,
                                           "it is a packed SQLite file; unpack "
                                           "it first");
    }
    return prepare_text(path, &survey, arena, out, err);
}

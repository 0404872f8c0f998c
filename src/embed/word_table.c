/* SPDX-License-Identifier: Apache-2.0 */
#include "embed/word_table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/datafile.h"
#include "core/hash.h"
#include "core/settings.h"
#include "embed/wordpiece.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the table is mapped as it lies in the file, which is little-endian"
#endif

#define HEADER_SIZE 16
#define NO_PIECE SIZE_MAX
/* What tools/embeddings/pack.py can write. Beyond it a vector's length could be no float. */
#define SCALE_MIN 9e-13f
#define SCALE_MAX 1e6f

/* Pieces that begin a word and pieces that continue one are looked up apart, each by its first
 * byte: between starts[kind][byte] and starts[kind][byte + 1] lie the pieces to search. */
enum piece_kind { PIECE_BEGINS, PIECE_CONTINUES, PIECE_KINDS };

struct word_table {
    const unsigned char *map;
    size_t map_size;
    size_t row_count;
    size_t dimensions;
    const float *scales;
    const int8_t *rows;
    const char *vocabulary;
    size_t vocabulary_size;
    uint32_t *offsets; /* row_count + 1: where each piece starts in the vocabulary */
    size_t piece_length_max;
    uint32_t starts[PIECE_KINDS][257];
    size_t unknown_row; /* that of [UNK], which counts as zero */
    char id[64];
};

/* Reads the header and checks that the file is exactly as long as it says. */
static bool read_header(struct word_table *table, struct error *err)
{
    uint32_t numbers[3];
    if (table->map_size < HEADER_SIZE || memcmp(table->map, "QEM1", 4) != 0)
        return error_set(err, ERROR_CONFIG, "not an embedding table (no QEM1 header)");
    memcpy(numbers, table->map + 4, sizeof(numbers));
    if (numbers[0] == 0 || numbers[0] > WORD_TABLE_ROWS_MAX || numbers[1] == 0 ||
        numbers[1] > WORD_TABLE_DIMENSIONS_MAX || numbers[2] > WORD_TABLE_VOCABULARY_MAX)
        return error_set(err, ERROR_CONFIG, "header out of range: %u rows, %u dimensions, %u bytes",
                         numbers[0], numbers[1], numbers[2]);
    table->row_count = numbers[0];
    table->dimensions = numbers[1];
    table->vocabulary_size = numbers[2];
    size_t scales_size = table->row_count * sizeof(float);
    size_t rows_size = table->row_count * table->dimensions;
    size_t wanted = HEADER_SIZE + scales_size + rows_size + table->vocabulary_size;
    if (table->map_size != wanted)
        return error_set(err, ERROR_CONFIG, "%zu bytes instead of %zu: the file is damaged",
                         table->map_size, wanted);
    table->scales = (const void *)(table->map + HEADER_SIZE);
    table->rows = (const int8_t *)(table->map + HEADER_SIZE + scales_size);
    table->vocabulary = (const char *)table->rows + rows_size;
    for (size_t i = 0; i < table->row_count; i++)
        if (!(table->scales[i] >= SCALE_MIN && table->scales[i] <= SCALE_MAX))
            return error_set(err, ERROR_CONFIG, "scale of row %zu out of range", i);
    return true;
}

static struct str piece(const struct word_table *table, size_t row)
{
    return (struct str){table->vocabulary + table->offsets[row],
                        table->offsets[row + 1] - table->offsets[row] - 1};
}

/* Finds where each piece starts; they must be as many as the rows, and ascending. */
static bool index_pieces(struct word_table *table, struct error *err)
{
    table->offsets = xcalloc(table->row_count + 1, sizeof(*table->offsets));
    table->unknown_row = NO_PIECE;
    size_t at = 0;
    for (size_t row = 0; row < table->row_count; row++) {
        const char *start = table->vocabulary + at;
        const char *end = memchr(start, '\0', table->vocabulary_size - at);
        if (!end)
            return error_set(err, ERROR_CONFIG, "vocabulary ends at piece %zu of %zu", row,
                             table->row_count);
        at += (size_t)(end - start) + 1;
        table->offsets[row + 1] = (uint32_t)at;
        struct str this = piece(table, row);
        if (this.length == 0 || (row > 0 && str_compare(piece(table, row - 1), this) >= 0))
            return error_set(err, ERROR_CONFIG, "piece %zu of the vocabulary is out of order", row);
        if (this.length > table->piece_length_max)
            table->piece_length_max = this.length;
        if (str_equal(this, STR("[UNK]")))
            table->unknown_row = row;
    }
    if (at != table->vocabulary_size)
        return error_set(err, ERROR_CONFIG, "vocabulary has more than %zu pieces",
                         table->row_count);
    return true;
}

static void index_first_bytes(struct word_table *table)
{
    uint32_t counts[PIECE_KINDS][256] = {0};
    uint32_t continues_first = (uint32_t)table->row_count;
    for (size_t row = 0; row < table->row_count; row++) {
        struct str this = piece(table, row);
        counts[PIECE_BEGINS][(unsigned char)this.bytes[0]]++;
        if (this.length > 2 && str_starts(this, STR("##"))) {
            counts[PIECE_CONTINUES][(unsigned char)this.bytes[2]]++;
            if (row < continues_first)
                continues_first = (uint32_t)row;
        }
    }
    table->starts[PIECE_CONTINUES][0] = continues_first;
    for (size_t kind = 0; kind < PIECE_KINDS; kind++)
        for (size_t byte = 0; byte < 256; byte++)
            table->starts[kind][byte + 1] = table->starts[kind][byte] + counts[kind][byte];
}

static bool map_file(struct word_table *table, const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERROR_CONFIG, "%s", strerror(errno));
    struct stat status;
    void *map = MAP_FAILED;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= HEADER_SIZE)
        map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return error_set(err, ERROR_CONFIG, "not an embedding table (too short, or no file)");
    table->map = map;
    table->map_size = (size_t)status.st_size;
    return true;
}

struct word_table *word_table_open_file(const char *path, struct error *err)
{
    struct word_table *table = xcalloc(1, sizeof(*table));
    if (!map_file(table, path, err) || !read_header(table, err) || !index_pieces(table, err)) {
        error_wrap(err, "embedding table '%s'", path);
        word_table_close(table);
        return NULL;
    }
    index_first_bytes(table);
    /* The scales stand for the whole: two tables with the same scales are the same table, and
     * hashing 7 MB would double the time to open it. */
    uint64_t hash = hash64(table->map, HEADER_SIZE + table->row_count * sizeof(float), 0);
    snprintf(table->id, sizeof(table->id), "builtin-%zu-%016llx", table->dimensions,
             (unsigned long long)hash);
    return table;
}

struct word_table *word_table_open(struct error *err)
{
    struct arena *arena = arena_new();
    const char *path = datafile_find(arena, DATAFILE_DATA, "embeddings/q256.bin",
                                     settings_text("QUERENT_EMBEDDINGS"), err);
    struct word_table *table = path ? word_table_open_file(path, err) : NULL;
    arena_free(arena);
    return table;
}

void word_table_close(struct word_table *table)
{
    if (!table)
        return;
    if (table->map)
        munmap((void *)(uintptr_t)table->map, table->map_size);
    free(table->offsets);
    free(table);
}

size_t word_table_dimensions(const struct word_table *table)
{
    return table->dimensions;
}

const char *word_table_id(const struct word_table *table)
{
    return table->id;
}

/* Compares the text with a piece from its byte `skip` on. */
static int compare_piece(struct str text, struct str piece, size_t skip)
{
    return str_compare(text, str_slice(piece, skip, piece.length));
}

static size_t find_piece(const struct word_table *table, struct str text, enum piece_kind kind)
{
    unsigned char first = (unsigned char)text.bytes[0];
    size_t low = table->starts[kind][first];
    size_t high = table->starts[kind][first + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_piece(text, piece(table, middle), kind == PIECE_CONTINUES ? 2 : 0);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NO_PIECE;
}

/* The longest piece that `word` goes on with at `at`; *end is where it ends. */
static size_t longest_piece(const struct word_table *table, struct str word, size_t at, size_t *end)
{
    enum piece_kind kind = at > 0 ? PIECE_CONTINUES : PIECE_BEGINS;
    size_t to = word.length;
    if (to - at > table->piece_length_max)
        to = at + table->piece_length_max;
    for (; to > at; to--) {
        bool splits_character = to < word.length && ((unsigned char)word.bytes[to] & 0xC0) == 0x80;
        if (splits_character)
            continue;
        size_t row = find_piece(table, str_slice(word, at, to), kind);
        if (row != NO_PIECE) {
            *end = to;
            return row;
        }
    }
    return NO_PIECE;
}

/* The rows of a word's pieces; 0 when pieces don't cover it all. */
static size_t word_pieces(const struct word_table *table, struct str word,
                          size_t rows[WORDPIECE_CHARACTERS_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < word.length;) {
        size_t row = longest_piece(table, word, at, &at);
        if (row == NO_PIECE)
            return 0;
        rows[count++] = row;
    }
    return count;
}

static void add_row(const struct word_table *table, size_t row, float *out)
{
    const int8_t *numbers = table->rows + row * table->dimensions;
    float scale = table->scales[row];
    for (size_t i = 0; i < table->dimensions; i++)
        out[i] += scale * (float)numbers[i];
}

static bool make_unit(float *vector, size_t dimensions)
{
    double square = 0;
    for (size_t i = 0; i < dimensions; i++)
        square += (double)vector[i] * vector[i];
    if (!(square > 0))
        return false;
    float factor = (float)(1 / sqrt(square));
    for (size_t i = 0; i < dimensions; i++)
        vector[i] *= factor;
    return true;
}

bool word_table_vector(const struct word_table *table, struct str text, float *out)
{
    memset(out, 0, table->dimensions * sizeof(*out));
    struct wordpiece_scan scan = wordpiece_start(str_cut_utf8(text, WORD_TABLE_TEXT_MAX));
    while (wordpiece_next(&scan)) {
        size_t rows[WORDPIECE_CHARACTERS_MAX];
        if (scan.too_long)
            continue;
        size_t count = word_pieces(table, (struct str){scan.word, scan.length}, rows);
        for (size_t i = 0; i < count; i++)
            if (rows[i] != table->unknown_row)
                add_row(table, rows[i], out);
    }
    return make_unit(out, table->dimensions);
}

double word_table_cosine(const struct word_table *table, const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < table->dimensions; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/strbuf.h"
#include "embed/word_table.h"
#include "embed/wordpiece.h"

static struct word_table *table;

static int open_table(void **state)
{
    struct error err = {0};
    table = word_table_open(&err);
    return table ? 0 : -1;
}

static int close_table(void **state)
{
    word_table_close(table);
    return 0;
}

/* Words and numbers 0, 100 and 255 of the vector, as tools/embeddings/minilm.py gives them. */
static const struct {
    const char *text, *words;
    float first, hundredth, last;
} cases[] = {
    {"How many orders were placed in Gr\xC3\xB6\xC3\x9F"
     "e_IDs?",
     "how many orders were placed in gro\xC3\x9F"
     "e ids ?",
     0.16827f, -0.02256f, 0.02850f},
    {"customerID2Name", "customer id 2 name", 0.08086f, 0.08004f, 0.00802f},
    {"the na\xC3\xAFve caf\xC3\xA9's r\xC3\xA9sum\xC3\xA9", "the naive cafe ' s resume", -0.12739f,
     0.10015f, 0.02293f},
    {"don't\xE2\x80\x94stop\xE2\x80\xA6 \xE2\x80\x9Cquoted\xE2\x80\x9D",
     "don ' t \xE2\x80\x94 stop \xE2\x80\xA6 \xE2\x80\x9C quoted \xE2\x80\x9D", -0.21582f, 0.09586f,
     0.03081f},
    {"\xE6\x9D\xB1\xE4\xBA\xAC sales", "\xE6\x9D\xB1 \xE4\xBA\xAC sales", 0.06620f, 0.11585f,
     0.02601f},
    {"\xC4\xB0STANBUL \xC3\x85NGSTR\xC3\x96M \xC2\xBD", "istanbul angstrom \xC2\xBD", 0.15625f,
     0.07990f, -0.01975f},
    {"\xE2\x80\x8Bzero\xC2\xADwidth\xC2\xA0nbsp", "zerowidth nbsp", -0.03422f, 0.00660f, 0.03136f},
    {"100%/yr $5.00 \xE2\x82\xAC"
     "3",
     "100 % / yr $ 5 . 00 \xE2\x82\xAC"
     "3",
     0.08915f, 0.03329f, 0.02475f},
    {"__init__ A1B2c3D4", "init a 1 b 2c 3 d 4", -0.01109f, -0.00341f, 0.03292f},
    {"e\xCC\x81"
     "a\xCC\x88 emoji \xF0\x9F\x98\x80 test",
     "ea emoji \xF0\x9F\x98\x80 test", -0.14133f, -0.09454f, -0.00646f},
    {"total revenue by region last month", "total revenue by region last month", 0.16884f,
     -0.00480f, 0.03482f},
};

static void words_and_vectors_are_those_of_the_reference(void **state)
{
    float vector[256];
    assert_int_equal(word_table_dimensions(table), 256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf words = strbuf_init(1000);
        struct wordpiece_scan scan = wordpiece_start(str_from(cases[i].text));
        while (wordpiece_next(&scan))
            strbuf_printf(&words, "%s%.*s", words.length > 0 ? " " : "", (int)scan.length,
                          scan.word);
        assert_string_equal(strbuf_text(&words), cases[i].words);
        strbuf_clear(&words);
        assert_true(word_table_vector(table, str_from(cases[i].text), vector));
        assert_float_equal(vector[0], cases[i].first, 2e-5);
        assert_float_equal(vector[100], cases[i].hundredth, 2e-5);
        assert_float_equal(vector[255], cases[i].last, 2e-5);
        assert_float_equal(word_table_cosine(table, vector, vector), 1, 1e-5);
    }
}

static double likeness(const char *a, const char *b)
{
    float first[256], second[256];
    assert_true(word_table_vector(table, str_from(a), first));
    assert_true(word_table_vector(table, str_from(b), second));
    return word_table_cosine(table, first, second);
}

static void words_alike_are_near(void **state)
{
    assert_float_equal(likeness("car", "automobile"), 0.781, 0.001);
    assert_float_equal(likeness("salary", "wage"), 0.651, 0.001);
    assert_true(likeness("salary", "giraffe") < 0.1);
    assert_float_equal(likeness("unitPrice", "unit price"), 1, 1e-5);
}

static void text_without_known_words_has_no_vector(void **state)
{
    float vector[256];
    const char *const texts[] = {"", "   \t\n", "\xCC\x81", "\xFF\xFE\x80", "\xE6\xBC\xA2"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memset(vector, 0x7F, sizeof(vector));
        assert_false(word_table_vector(table, str_from(texts[i]), vector));
        for (size_t k = 0; k < 256; k++)
            assert_true(vector[k] == 0);
    }
}

static size_t longest_word(struct str text, bool *too_long)
{
    size_t longest = 0;
    *too_long = false;
    struct wordpiece_scan scan = wordpiece_start(text);
    while (wordpiece_next(&scan)) {
        longest = scan.length > longest ? scan.length : longest;
        *too_long |= scan.too_long;
    }
    return longest;
}

static void words_have_a_limit(void **state)
{
    static char text[WORDPIECE_CHARACTERS_MAX + 1];
    float vector[256];
    bool too_long;
    memset(text, 'a', sizeof(text));
    assert_int_equal(longest_word((struct str){text, WORDPIECE_CHARACTERS_MAX}, &too_long), 100);
    assert_false(too_long);
    assert_true(word_table_vector(table, (struct str){text, WORDPIECE_CHARACTERS_MAX}, vector));
    assert_int_equal(longest_word((struct str){text, WORDPIECE_CHARACTERS_MAX + 1}, &too_long),
                     100);
    assert_true(too_long);
    assert_false(
        word_table_vector(table, (struct str){text, WORDPIECE_CHARACTERS_MAX + 1}, vector));
}

static void hostile_texts_are_read_in_bounds(void **state)
{
    const size_t size = 1 << 20;
    char *text = xcalloc(1, size);
    float *vector = xcalloc(256, sizeof(*vector));
    static const char *const fills[] = {"a",    "a1",  "#",  "\xCC\x81",    "\x80",
                                        "\xF0", "aB_", "\n", "\xE1\x88\xB4"};
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        for (size_t at = 0; at < size; at++)
            text[at] = fills[i][at % strlen(fills[i])];
        (void)word_table_vector(table, (struct str){text, size}, vector);
        /* Cut in the middle of a character. */
        (void)word_table_vector(table, (struct str){text, 7}, vector);
    }
    unsigned random = 1;
    for (size_t at = 0; at < size; at++)
        text[at] = (char)((random = random * 1103515245 + 12345) >> 16);
    for (size_t at = 0; at + 300 < size; at += 3000)
        (void)word_table_vector(table, (struct str){text + at, 300}, vector);
    free(vector);
    free(text);
}

/* A small table file, made here so that it can be damaged. */
struct small_file {
    uint32_t rows, dimensions, vocabulary_size;
    float scales[4];
    const char *vocabulary;
    size_t vocabulary_real;
    size_t cut; /* bytes left off at the end */
};

static const char pieces[] = "##s\0[UNK]\0cat\0dog"; /* the literal's own NUL ends the last */

static struct small_file small_file(void)
{
    return (struct small_file){4, 2, sizeof(pieces), {1, 1, 1, 1}, pieces, sizeof(pieces), 0};
}

static struct word_table *open_small(const struct small_file *file, struct error *err)
{
    static const int8_t rows[8] = {0, 5, 9, 9, 127, 0, 0, 127};
    char path[] = P_tmpdir "/querent-table-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "wb");
    fwrite("QEM1", 1, 4, out);
    fwrite(&file->rows, 4, 3, out);
    fwrite(file->scales, 4, 4, out);
    fwrite(rows, 1, sizeof(rows), out);
    fwrite(file->vocabulary, 1, file->vocabulary_real, out);
    long size = ftell(out);
    fclose(out);
    assert_int_equal(truncate(path, size - (long)file->cut), 0);
    error_clear(err);
    struct word_table *opened = word_table_open_file(path, err);
    unlink(path);
    return opened;
}

static void a_good_small_table_works(void **state)
{
    struct error err = {0};
    struct small_file file = small_file();
    struct word_table *small = open_small(&file, &err);
    assert_non_null(small);
    float vector[2];
    assert_true(word_table_vector(small, STR("Cats"), vector));
    assert_float_equal(vector[0], 127 / sqrt(127 * 127 + 25), 1e-6);
    assert_float_equal(vector[1], 5 / sqrt(127 * 127 + 25), 1e-6);
    assert_false(word_table_vector(small, STR("catx"), vector)); /* no cover: unknown, zero */
    assert_true(word_table_vector(small, STR("catx dog"), vector));
    assert_float_equal(vector[1], 1, 1e-6);
    assert_string_not_equal(word_table_id(small), word_table_id(table));
    word_table_close(small);
}

static void refuse(const struct small_file *file)
{
    struct error err = {0};
    assert_null(open_small(file, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "embedding table '"));
}

static void damaged_tables_are_refused(void **state)
{
    struct small_file good = small_file();
    for (size_t cut = 1; cut <= 16 + 16 + 8 + sizeof(pieces); cut++) {
        struct small_file file = good;
        file.cut = cut;
        refuse(&file);
    }
    struct small_file file = good;
    file.rows = 3;
    refuse(&file);
    file.rows = 0;
    refuse(&file);
    file.rows = UINT32_MAX;
    refuse(&file);
    file = good;
    file.dimensions = 0;
    refuse(&file);
    file.dimensions = WORD_TABLE_DIMENSIONS_MAX + 1;
    refuse(&file);
    file = good;
    file.vocabulary_size = UINT32_MAX;
    refuse(&file);
    file = good;
    file.scales[3] = NAN;
    refuse(&file);
    file.scales[3] = -1;
    refuse(&file);
    file.scales[3] = 1e-40f;
    refuse(&file);
    file.scales[3] = 1e7f;
    refuse(&file);
}

static void damaged_vocabularies_are_refused(void **state)
{
    static const char *const vocabularies[] = {
        "##s\0[UNK]\0dog\0cat",  /* not ascending */
        "##s\0[UNK]\0cat\0cat",  /* twice the same */
        "##s\0[UNK]\0cat\0\0og", /* an empty piece */
        "##s\0[UNK]\0cat_dog",   /* too few */
        "##\0\0[UNK]\0cat\0dog",
    };
    for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
        struct small_file file = small_file();
        file.vocabulary = vocabularies[i];
        refuse(&file);
    }
    struct small_file file = small_file();
    file.vocabulary = "##s\0[UNK]\0cat\0dogs"; /* the last one has no end */
    refuse(&file);
    struct error err = {0};
    assert_null(word_table_open_file("src", &err));
    assert_null(word_table_open_file("no-such-file", &err));
    assert_null(word_table_open_file("/dev/null", &err));
}

static void the_table_is_the_one_that_was_made(void **state)
{
    struct sha256 *sha = sha256_new();
    static char buffer[65536];
    char wanted[SHA256_HEX_SIZE] = "", got[SHA256_HEX_SIZE];
    FILE *file = fopen("data/embeddings/q256.bin", "rb");
    assert_non_null(file);
    for (size_t size; (size = fread(buffer, 1, sizeof(buffer), file)) > 0;)
        sha256_add(sha, buffer, size);
    fclose(file);
    sha256_end(sha, got);
    file = fopen("data/embeddings/q256.bin.sha256", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%64s", wanted), 1);
    fclose(file);
    assert_string_equal(got, wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_vectors_are_those_of_the_reference),
        cmocka_unit_test(words_alike_are_near),
        cmocka_unit_test(the_table_is_the_one_that_was_made),
        cmocka_unit_test(text_without_known_words_has_no_vector),
        cmocka_unit_test(words_have_a_limit),
        cmocka_unit_test(hostile_texts_are_read_in_bounds),
        cmocka_unit_test(a_good_small_table_works),
        cmocka_unit_test(damaged_tables_are_refused),
        cmocka_unit_test(damaged_vocabularies_are_refused),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a question, as a dataset's name and as a stored value. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "embed/wordpiece.h"
#include "retrieval/retrieval.h"
#include "retrieval/text.h"

static void read_words(struct str text)
{
    struct wordpiece_scan scan = wordpiece_start(text);
    while (wordpiece_next(&scan))
        if (scan.length == 0 || scan.length > sizeof(scan.word) ||
            !str_is_utf8((struct str){scan.word, scan.length}))
            abort();
    struct term_reader *reader = term_reader_new();
    for (int flags = TERM_PLAIN; flags <= TERM_SPLIT_IDENTIFIERS; flags++) {
        term_reader_start(reader, text, flags);
        for (struct term term; term_reader_next(reader, &term);)
            if (term.word.length == 0 || term.word.length > TERM_SIZE_MAX ||
                !str_is_utf8(term.word))
                abort();
    }
    term_reader_free(reader);
}

static void search(struct str question, const char *name)
{
    static struct embedder *embedder;
    struct error err = {0};
    if (!embedder)
        embedder = embedder_open("fake", &err);
    struct stored_value value = {name, 1};
    struct column column = {
        .name = name, .kind = VALUE_TEXT, .profile = {.values = &value, .value_count = 1}};
    struct dataset datasets[] = {
        {.id = name, .table_name = name, .columns = &column, .column_count = 1},
        {.id = "other", .table_name = "other", .description = name},
    };
    struct retrieval_index *index = retrieval_index_new(datasets, 2, embedder, NULL, &err);
    struct arena *arena = arena_new();
    struct retrieval_result result;
    struct retrieval_request request = {.question = question};
    if (index && retrieval_search(index, &request, arena, &result, &err)) {
        if (result.hit_count != 2 || !(result.margin >= 0 && result.margin <= 1) ||
            !(result.best_possible >= 0 && result.best_possible <= 1))
            abort();
    } else if (err.code != ERROR_MODEL) { /* the fake one fails when told to */
        abort();
    }
    arena_free(arena);
    retrieval_index_free(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = {(const char *)bytes, size};
    read_words(text);
    /* Names are NUL-ended and valid UTF-8 when they get here; questions may be anything. */
    char *name = xstrndup(text.bytes, size);
    if (str_is_utf8(str_from(name)))
        search(text, name);
    free(name);
    return 0;
}

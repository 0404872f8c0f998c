/* SPDX-License-Identifier: Apache-2.0 */
/* Why a dataset was found, in plain words, and how much of the question it explains. */
#include "core/strbuf.h"
#include "retrieval/retrieval_priv.h"

#define WORDS_MAX 6  /* named in a reason */
#define VALUES_MAX 3 /* likewise */
#define SHOWN_VALUE_SIZE_MAX 60
#define REASON_SIZE_MAX 2048
#define MATCHES_MAX 64  /* of values looked at for one question */
#define NEAR_COSINE 0.3 /* from here on two texts are about alike things */

static bool is_number(struct str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!char_is_digit(word.bytes[i]))
            return false;
    return true;
}

static void add_words(const struct retrieval_index *index, const struct question *question,
                      uint32_t document, struct strbuf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < question->count && count < WORDS_MAX; i++) {
        const struct question_term *term = &question->terms[i];
        if (term->stop || term->repeated || !keyword_holds(index->keywords, term->key, document))
            continue;
        strbuf_printf(out, "%s%.*s", count++ == 0 ? "matches " : ", ", STR_ARGS(term->word));
    }
}

static void add_value(const struct dataset *dataset, const struct value_match *match, bool is_first,
                      struct strbuf *out)
{
    struct str value = str_cut_utf8(str_from(match->value), SHOWN_VALUE_SIZE_MAX);
    const char *cut = match->value[value.length] ? "..." : "";
    strbuf_add(out, out->length == 0 ? "" : is_first ? "; " : ", ");
    strbuf_printf(out, "value '%.*s%s' in %s", STR_ARGS(value), cut,
                  dataset->columns[match->column].name);
}

/* Whole values first; words of a value only where no whole value was found. */
static void add_values(const struct retrieval_index *index, const struct question *question,
                       uint32_t document, struct arena *arena, struct strbuf *out)
{
    const struct dataset *dataset = &index->datasets[document];
    struct arena_mark mark = arena_mark(arena);
    struct value_match *matches = arena_array(arena, MATCHES_MAX, sizeof(*matches));
    size_t count = value_matches(index->values, question, document, dataset, matches, MATCHES_MAX);
    size_t shown = 0;
    for (int whole = 1; whole >= 0 && shown == 0; whole--)
        for (size_t i = 0; i < count && shown < VALUES_MAX; i++)
            if (matches[i].whole == whole)
                add_value(dataset, &matches[i], shown++ == 0, out);
    arena_rollback(arena, mark);
}

const char *reason_text(const struct retrieval_index *index, const struct question_parts *question,
                        uint32_t document, double cosine, struct arena *arena)
{
    struct strbuf text = strbuf_init(REASON_SIZE_MAX);
    add_words(index, &question->names, document, &text);
    add_values(index, &question->values, document, arena, &text);
    if (text.length == 0)
        strbuf_add(&text, cosine >= NEAR_COSINE ? "is about something alike, in other words"
                                                : "shares no word with the question");
    const char *copy = arena_strndup(arena, strbuf_text(&text), text.length);
    strbuf_clear(&text);
    return copy;
}

double reason_share(const struct retrieval_index *index, const struct question_parts *question,
                    uint32_t document)
{
    size_t words = 0, found = 0;
    struct value_match match;
    for (size_t i = 0; i < question->names.count; i++) {
        struct question_term *term = &question->names.terms[i];
        if (term->stop || term->repeated)
            continue;
        struct question alone = {term, 1};
        bool holds = keyword_holds(index->keywords, term->key, document) ||
                     value_matches(index->values, &alone, document, &index->datasets[document],
                                   &match, 1) > 0;
        if (!holds && (term->asking || is_number(term->word)))
            continue;
        words++;
        found += holds;
    }
    return words > 0 ? (double)found / (double)words : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/question.h"

#include "core/hash.h"

uint64_t term_key(const struct term *term, uint64_t seed)
{
    return hash64_str(term->stem, seed);
}

uint64_t phrase_key(uint64_t phrase, uint64_t term)
{
    return hash64_combine(phrase, term);
}

static bool came_before(const struct question *question, uint64_t key)
{
    for (size_t i = 0; i < question->count; i++)
        if (question->terms[i].key == key)
            return true;
    return false;
}

struct question question_read(struct arena *arena, struct term_reader *reader, struct str text,
                              enum term_flags flags, uint64_t seed)
{
    struct question question = {NULL, 0};
    size_t capacity = 0;
    struct term term;
    term_reader_start(reader, text, flags);
    while (question.count < QUESTION_TERMS_MAX && term_reader_next(reader, &term)) {
        question.terms =
            arena_grow(arena, question.terms, question.count, &capacity, sizeof(*question.terms));
        uint64_t key = term_key(&term, seed);
        question.terms[question.count] = (struct question_term){
            .key = key,
            .word = arena_str(arena, term.word),
            .stop = term.stop,
            .asking = term.asking,
            .repeated = came_before(&question, key),
        };
        question.count++;
    }
    return question;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compares words, then links: the table here, columns in link_columns.c, values in
 * link_values.c. */
#include "planner/read/link.h"

#include <string.h>

#include "planner/read/linker.h"

#define TABLE_ALIKE_MIN 0.5 /* cosine of a word and the table's name */

struct symbol value_link_symbol(enum value_link_kind kind)
{
    static const char *const names[VALUE_LINK_KINDS] = {
        [VALUE_LINK_EXACT] = "exact", [VALUE_LINK_STEM] = "stem",  [VALUE_LINK_PART] = "part",
        [VALUE_LINK_PARTS] = "part2", [VALUE_LINK_NUMBER] = "num", [VALUE_LINK_INITIAL] = "init",
        [VALUE_LINK_SHORT] = "abbr",  [VALUE_LINK_ALIKE] = "emb",  [VALUE_LINK_SPELLED] = "spell",
    };
    return symbol_from(names[kind]);
}

/* ---- words of the question and of the dataset */

static void make_live(struct linker *l)
{
    l->live = arena_array(l->arena, l->count + 1, sizeof(bool));
    for (size_t i = 0; i < l->count; i++)
        l->live[i] = !l->tokens[i].stop && !l->tokens[i].quote &&
                     (l->tokens[i].is_word || is_mark(&l->tokens[i], "%"));
}

static void make_vectors(struct linker *l)
{
    if (!l->index->table)
        return;
    l->dimensions = word_table_dimensions(l->index->table);
    l->vectors = arena_array(l->arena, l->count + 1, l->dimensions * sizeof(float));
    for (size_t i = 0; i < l->count; i++)
        if (l->live[i] && strlen(l->tokens[i].lower.text) > 2)
            word_table_vector(l->index->table, str_from(l->tokens[i].lower.text),
                              l->vectors + i * l->dimensions);
}

static float token_likeness(const struct linker *l, size_t i, const struct index_word *word)
{
    const struct token *token = &l->tokens[i];
    return word_likeness(&token->lower, strlen(token->lower.text), &token->stem,
                         strlen(token->stem.text), word);
}

/* By letters; then by meaning, which counts less than any likeness of letters. */
static float likeness(const struct linker *l, size_t i, size_t w)
{
    float letters = token_likeness(l, i, &l->index->words[w]);
    if (letters > 0 || !l->vectors || strlen(l->tokens[i].lower.text) <= 2)
        return letters;
    double cosine = word_table_cosine(l->index->table, l->vectors + i * l->dimensions,
                                      l->index->vectors + w * l->dimensions);
    return cosine > 0.5 ? (float)(0.3 + (cosine - 0.5)) : 0.0F;
}

static void compare_words(struct linker *l)
{
    size_t words = l->index->word_count;
    l->alike = arena_array(l->arena, (l->count + 1) * (words + 1), sizeof(float));
    for (size_t i = 0; i < l->count; i++)
        for (size_t w = 0; w < words && !l->tokens[i].identifier; w++)
            if (l->live[i])
                l->alike[i * words + w] = likeness(l, i, w);
            else if (!l->tokens[i].quote && l->tokens[i].is_word && !l->tokens[i].digits)
                l->alike[i * words + w] =
                    l->tokens[i].lower.hash == l->index->words[w].stem.hash ? 1.0F : 0.0F;
}

/* ---- the table */

static void link_table(struct linker *l)
{
    for (size_t i = 0; i < l->count; i++)
        for (size_t w = 0; w < l->index->table_word_count && l->live[i]; w++)
            l->links->table_word[i] |= token_likeness(l, i, &l->index->table_words[w]) >= 0.75F;
}

/* A word that nothing else explains and that means about what the table's name does: "vocalists"
 * for a table of singers. */
static void link_table_alike(struct linker *l)
{
    const struct dataset_index *index = l->index;
    for (size_t i = 0; l->vectors && i < l->count; i++) {
        bool open = l->live[i] && !l->tokens[i].has_number && l->links->own[i] < 0.5F &&
                    l->links->value_score[i] <= 0 && l->links->cues.cue[i] == CUE_NONE &&
                    strlen(l->tokens[i].lower.text) > 2;
        for (size_t w = 0; open && w < index->table_word_count; w++)
            l->links->table_word[i] |=
                word_table_cosine(index->table, l->vectors + i * l->dimensions,
                                  index->table_vectors + w * l->dimensions) >= TABLE_ALIKE_MIN;
    }
}

/* ---- the whole */

struct links *link_question(const struct lexicon *lexicon, const struct dataset_index *index,
                            const struct token_list *tokens, const struct cue_marks *cues,
                            struct arena *arena)
{
    struct links *links = arena_alloc(arena, sizeof(*links));
    size_t n = tokens->count + 1;
    *links = (struct links){
        .index = index,
        .tokens = tokens,
        .cues = *cues,
        .table_word = arena_array(arena, n, sizeof(bool)),
        .own = arena_array(arena, n, sizeof(float)),
        .value_score = arena_array(arena, n, sizeof(float)),
        .columns = arena_array(arena, index->column_count + 1, sizeof(struct column_links)),
        .values = arena_array(arena, VALUE_LINKS_MAX, sizeof(struct value_link)),
    };
    struct linker l = {.lexicon = lexicon,
                       .index = index,
                       .arena = arena,
                       .links = links,
                       .tokens = tokens->items,
                       .count = tokens->count};
    static const char *const small[] = {"when", "where", "no"};
    for (size_t k = 0; k < 3; k++)
        l.small_words[k] = symbol_from(small[k]).hash;
    make_live(&l);
    make_vectors(&l);
    compare_words(&l);
    link_table(&l);
    linker_link_columns(&l);
    linker_link_values(&l);
    link_table_alike(&l);
    linker_link_alike_columns(&l);
    return links;
}

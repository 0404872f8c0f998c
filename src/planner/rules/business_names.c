/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a question: of tables, columns, metrics and named filters. Words match by their stems;
 * parts of names, everyday words for them, and misspellings match less surely.
 */
#include <stdio.h>
#include <string.h>

#include "planner/print/describe.h"
#include "planner/read/words.h"
#include "planner/rules/business_links.h"

#define PHRASE_WORDS_MAX 6
#define NAMES_ROWS_SCORE 0.95 /* "flights" are the rows of that table, not its column "flight" */
#define IDENTIFIER_SCORE 1.05 /* before a value or part of a name of the same letters */

/* ---- one name */

/* "Return the top one": says what to do, and speaks of no returns. */
static bool is_command(const struct ask *ask, size_t i)
{
    return i == 0 && ask_word_in(ask, i, "return") &&
           ask_word_in(ask, i + 1, "the only just me a all top first their those them");
}

void linker_find_name(struct linker *l, const char *name, struct mention mention)
{
    const char *stems[PHRASE_WORDS_MAX];
    size_t count = 0;
    const char *words = name_words(name, l->ask->arena);
    struct str rest = str_from(words), part;
    while (str_split(&rest, ' ', &part)) {
        if (part.length == 0)
            continue;
        if (count == PHRASE_WORDS_MAX)
            return;
        stems[count++] = linker_stem(l, arena_strndup(l->ask->arena, part.bytes, part.length));
    }
    if (count == 0)
        return;
    for (size_t i = 0; i + count <= l->ask->word_count; i++) {
        size_t k = 0, at = i;
        while (k < count && at < l->ask->word_count &&
               strcmp(l->ask->words[at].stem, stems[k]) == 0) {
            k++;
            at++;
            bool dash = k < count && at < l->ask->word_count && l->ask->words[at].mark &&
                        l->ask->words[at].text[0] == '-';
            at += dash; /* "check-ups" */
        }
        if (k < count || is_command(l->ask, i))
            continue;
        mention.first = i;
        mention.last = at;
        linker_add(l, mention);
    }
}

static void link_list(struct linker *l, const struct text_list *names, struct mention mention)
{
    for (size_t i = 0; i < names->count; i++)
        linker_find_name(l, names->items[i], mention);
}

static bool ends_in(const char *words, const char *ending, size_t *rest)
{
    size_t length = strlen(words), end = strlen(ending);
    if (length <= end + 1 || strcmp(words + length - end, ending) != 0 ||
        words[length - end - 1] != ' ')
        return false;
    *rest = length - end - 1;
    return true;
}

/* "customer name" is also just "customer"; so, less surely, is "customer id". */
static void link_short_name(struct linker *l, const char *words, struct mention mention)
{
    static const struct {
        const char *ending;
        double score;
    } endings[] = {{"name", 0.9}, {"title", 0.85}, {"label", 0.85}, {"id", 0.65},  {"key", 0.65},
                   {"at", 0.9},   {"on", 0.9},     {"date", 0.8},   {"code", 0.6}, {"number", 0.6}};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t rest;
        if (!ends_in(words, endings[i].ending, &rest))
            continue;
        mention.score *= endings[i].score;
        linker_find_name(l, arena_strndup(l->ask->arena, words, rest), mention);
        return;
    }
}

/* "all years" is not about a joined table's birth year. */
static bool is_time_word(struct str word)
{
    static const char *const words[] = {"year", "month", "week", "date", "time", "quarter"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_text(word, words[i]))
            return true;
    return false;
}

/* Too common to mean the column whose name it is a part of. */
static bool is_small_word(struct str word)
{
    static const char *const words[] = {"the", "and", "for", "per", "not", "all",
                                        "any", "has", "was", "are", "max", "min",
                                        "avg", "sum", "num", "day", "new", "top", "number"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_text(word, words[i]))
            return true;
    return false;
}

/* One word of a longer name: "date" for "order date". */
static void link_word_of_name(struct linker *l, const char *words, struct mention mention)
{
    struct str rest = str_from(words), part;
    size_t count = 0;
    for (const char *c = words; *c; c++)
        count += *c == ' ';
    if (count == 0)
        return;
    mention.score *= 0.5;
    while (str_split(&rest, ' ', &part))
        if (part.length >= 3 && !is_small_word(part) && !(mention.scope > 0 && is_time_word(part)))
            linker_find_name(l, arena_strndup(l->ask->arena, part.bytes, part.length), mention);
}

/* What people say for what tables usually call otherwise. A column with one of the words is found
 * by the others of its line too, less surely than by its own name; but not in a table whose own
 * words say the contrary. */
static const struct {
    const char *words;
    const char *contrary; /* NULL: none */
} usual_words[] = {
    {"revenue sales turnover takings", NULL},
    {"amount sales revenue turnover", ABOUT_SPENDING},
    {"amount spent spend spending", NULL},
    {"cost spend spent spending expense expenses", NULL},
    {"goals scored", NULL},
    {"quantity qty units pieces volume", NULL},
    {"customer client buyer", NULL},
    {"product item article goods", NULL},
    {"region area territory", NULL},
    {"salary pay wage earn paid", NULL},
    {"employee staff worker people person", NULL},
    {"country nation", NULL},
    {"category type kind", NULL},
    {"department division", NULL},
    {"supplier vendor", NULL},
    {"city town", NULL},
};

bool dataset_is_about(const struct dataset *dataset, const char *words)
{
    struct str rest = str_from(words), part;
    while (str_split(&rest, ' ', &part)) {
        char word[32];
        snprintf(word, sizeof(word), "%.*s", (int)part.length, part.bytes);
        if (strcasestr(dataset->table_name, word) ||
            (dataset->title && strcasestr(dataset->title, word)))
            return true;
    }
    return false;
}

static void link_usual_words(struct linker *l, const char *words, struct mention mention)
{
    const struct dataset *dataset = l->ask->scope[mention.scope].dataset;
    mention.score *= 0.85;
    for (size_t i = 0; i < sizeof(usual_words) / sizeof(usual_words[0]); i++) {
        struct str rest = str_from(usual_words[i].words), part;
        bool named = false;
        while (str_split(&rest, ' ', &part))
            named |= str_equal_text(part, words);
        if (!named ||
            (usual_words[i].contrary && dataset_is_about(dataset, usual_words[i].contrary)))
            continue;
        rest = str_from(usual_words[i].words);
        while (str_split(&rest, ' ', &part))
            if (!str_equal_text(part, words))
                linker_find_name(l, arena_strndup(l->ask->arena, part.bytes, part.length), mention);
    }
}

/* "temp_2", "CO2PPM": typed as the column is named. */
static void link_identifier(struct linker *l, struct mention mention)
{
    mention.score *= IDENTIFIER_SCORE;
    for (size_t i = 0; i < l->ask->word_count; i++) {
        struct ask_word *word = &l->ask->words[i];
        if (word->quoted || !is_identifier(str_from(word->text)) ||
            !same_identifier(str_from(word->text), str_from(mention.column->name)))
            continue;
        word->number = NULL;
        mention.first = i;
        mention.last = i + 1;
        linker_add(l, mention);
    }
}

/* ---- all names of a table */

void linker_find_columns(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        struct mention mention = {
            .kind = MENTION_COLUMN, .scope = scope, .column = column, .score = weight};
        if (column_names_rows(column, dataset))
            mention.score *= NAMES_ROWS_SCORE;
        const char *words = name_words(column->name, l->ask->arena);
        link_identifier(l, mention);
        linker_find_name(l, words, mention);
        if (column->label)
            linker_find_name(l, column->label, mention);
        link_list(l, &column->synonyms, mention);
        link_short_name(l, words, mention);
        link_usual_words(l, words, mention);
        link_word_of_name(l, words, mention);
    }
}

static const char *singular_of(const char *word, struct arena *arena)
{
    size_t length = strlen(word);
    return length > 3 && word[length - 1] == 's' ? arena_strndup(arena, word, length - 1) : word;
}

void linker_find_table(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    struct mention mention = {.kind = MENTION_TABLE, .scope = scope, .score = 0.97 * weight};
    linker_find_name(l, dataset->table_name, mention);
    if (dataset->title)
        linker_find_name(l, dataset->title, mention);
    if (dataset->grain && strlen(dataset->grain) < 60)
        linker_find_name(l, dataset_noun(dataset, l->ask->arena), mention);
    link_list(l, &dataset->synonyms, mention);
    const char *key_noun = dataset_key_noun(dataset, l->ask->arena);
    if (key_noun) { /* less surely than a name that the rows may have beside their key */
        struct mention rows = mention;
        rows.score = 0.8 * weight;
        linker_find_name(l, key_noun, rows);
    }
    link_usual_words(l, name_words(dataset->table_name, l->ask->arena), mention);
    link_usual_words(l, singular_of(name_words(dataset->table_name, l->ask->arena), l->ask->arena),
                     mention);
}

void linker_find_declared(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    for (size_t i = 0; i < dataset->metric_count; i++) {
        struct mention mention = {.kind = MENTION_METRIC,
                                  .scope = scope,
                                  .metric = &dataset->metrics[i],
                                  .score = 1.02 * weight};
        linker_find_name(l, dataset->metrics[i].name, mention);
        link_list(l, &dataset->metrics[i].synonyms, mention);
    }
    for (size_t i = 0; i < dataset->filter_count; i++) {
        struct mention mention = {.kind = MENTION_FILTER,
                                  .scope = scope,
                                  .filter = &dataset->filters[i],
                                  .score = 1.01 * weight};
        linker_find_name(l, dataset->filters[i].name, mention);
        link_list(l, &dataset->filters[i].synonyms, mention);
    }
}

/* ---- misspelled names */

static void link_misspelled(struct linker *l, const char *name, struct mention mention)
{
    const char *words = name_words(name, l->ask->arena);
    size_t length = strlen(words);
    if (length < 5 || strchr(words, ' '))
        return;
    for (size_t i = 0; i < l->ask->word_count; i++) {
        const char *text = l->ask->words[i].text;
        size_t text_length = strlen(text);
        if (l->ask->words[i].mention >= 0 || l->ask->words[i].cue != CUE_NONE ||
            l->ask->words[i].in_period || l->ask->words[i].number || text_length < 5)
            continue; /* 60000 is not 60900 misspelled */
        unsigned distance = str_distance(str_from(text), str_from(words), 1);
        bool plural = distance > 1 && text[text_length - 1] == 's' &&
                      str_distance((struct str){text, text_length - 1}, str_from(words), 1) <= 1;
        if (distance > 1 && !plural)
            continue;
        mention.first = i;
        mention.last = i + 1;
        mention.score = 0.7;
        linker_add(l, mention);
    }
}

void linker_find_misspelled(struct linker *l)
{
    for (size_t s = 0; s < l->ask->scope_count; s++) {
        const struct dataset *dataset = l->ask->scope[s].dataset;
        for (size_t i = 0; i < dataset->column_count; i++) {
            const struct column *column = &dataset->columns[i];
            struct mention mention = {.kind = MENTION_COLUMN, .scope = (int)s, .column = column};
            link_misspelled(l, column->name, mention);
            for (size_t k = 0; k < column->synonyms.count; k++)
                link_misspelled(l, column->synonyms.items[k], mention);
            mention.kind = MENTION_VALUE;
            for (size_t k = 0; k < column->profile.value_count &&
                               column->profile.value_count <= STEMMED_VALUES_MAX;
                 k++) {
                mention.value = column->profile.values[k].text;
                link_misspelled(l, mention.value, mention);
            }
        }
        for (size_t i = 0; i < dataset->metric_count; i++)
            link_misspelled(l, dataset->metrics[i].name,
                            (struct mention){.kind = MENTION_METRIC,
                                             .scope = (int)s,
                                             .metric = &dataset->metrics[i]});
        link_misspelled(l, dataset->table_name,
                        (struct mention){.kind = MENTION_TABLE, .scope = (int)s});
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a dataset: its columns, tables, metrics and named filters as they are called, parts of
 * those names, everyday words for them, and the stored values of short lists, each by its stems.
 */
#include "planner/rules/name_table.h"

#include <libstemmer.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/hash.h"
#include "planner/print/describe.h"

#define NAMES_ROWS_SCORE 0.95 /* "flights" are the rows of that table, not its column "flight" */
#define BESIDE_WEIGHT 0.97    /* what the names of a table beside the main one count */
#define SAID_VALUES_MAX 6     /* of a column of sexes */
#define MISSPELLED_LENGTH_MIN 5

struct builder {
    struct name_table *table;
    struct arena *arena;
    const struct dataset *dataset;
    struct sb_stemmer *stemmer;
    size_t name_capacity, plain_capacity;
};

/* ---- one name */

uint32_t stem_hash(const char *stem)
{
    return (uint32_t)hash64_str(str_from(stem), 0);
}

static struct table_name *add_name(struct builder *b, const struct table_name *name)
{
    struct name_table *t = b->table;
    t->names = arena_grow(b->arena, t->names, t->name_count, &b->name_capacity, sizeof(*t->names));
    t->names[t->name_count] = *name;
    return &t->names[t->name_count++];
}

/* A name's words, in order and next to each other. Longer ones are never said. */
static void add_words(struct builder *b, const char *name, struct table_name like)
{
    struct str rest = str_from(name_words(name, b->arena)), part;
    const char *stems[NAME_STEMS_MAX];
    size_t count = 0;
    while (str_split(&rest, ' ', &part)) {
        if (part.length == 0)
            continue;
        if (count == NAME_STEMS_MAX)
            return;
        const char *word = arena_strndup(b->arena, part.bytes, part.length);
        stems[count++] = word_stem(b->stemmer, word, b->arena);
    }
    if (count == 0)
        return;
    like.kind = NAME_WORDS;
    like.stems = arena_memdup(b->arena, stems, count * sizeof(*stems));
    like.stem_count = count;
    like.first_stem = stem_hash(stems[0]);
    add_name(b, &like);
}

static struct table_name worth(struct table_name name, double factor)
{
    name.mention.score *= factor;
    name.score_beside *= factor;
    return name;
}

static struct table_name named(struct mention mention, double factor)
{
    mention.score = factor * 1.0;
    return (struct table_name){.mention = mention, .score_beside = factor * BESIDE_WEIGHT};
}

static void add_list(struct builder *b, const struct text_list *names, struct table_name like)
{
    for (size_t i = 0; i < names->count; i++)
        add_words(b, names->items[i], like);
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
static void add_short_name(struct builder *b, const char *words, struct table_name like)
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
        add_words(b, arena_strndup(b->arena, words, rest), worth(like, endings[i].score));
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
static void add_word_of_name(struct builder *b, const char *words, struct table_name like)
{
    struct str rest = str_from(words), part;
    if (!strchr(words, ' '))
        return;
    like = worth(like, 0.5);
    while (str_split(&rest, ' ', &part)) {
        like.main_only = is_time_word(part);
        if (part.length >= 3 && !is_small_word(part))
            add_words(b, arena_strndup(b->arena, part.bytes, part.length), like);
    }
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
    {"quantity qty units pieces copies volume", NULL},
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

static void add_usual_words(struct builder *b, const char *words, struct table_name like)
{
    like = worth(like, 0.85);
    for (size_t i = 0; i < sizeof(usual_words) / sizeof(usual_words[0]); i++) {
        struct str rest = str_from(usual_words[i].words), part;
        if (!str_list_has(usual_words[i].words, ' ', words) ||
            (usual_words[i].contrary && dataset_is_about(b->dataset, usual_words[i].contrary)))
            continue;
        while (str_split(&rest, ' ', &part))
            if (!str_equal_text(part, words))
                add_words(b, arena_strndup(b->arena, part.bytes, part.length), like);
    }
}

/* What the words of column names are short for; some for several. */
static const struct {
    const char *from, *to;
} short_words[] = {
    {"acct", "account"},     {"addr", "address"},     {"amt", "amount"},
    {"arr", "arrival"},      {"avg", "average"},      {"bal", "balance"},
    {"cat", "category"},     {"cnt", "count"},        {"cust", "customer"},
    {"dep", "departure"},    {"dept", "department"},  {"desc", "description"},
    {"dest", "destination"}, {"dist", "distance"},    {"dob", "birth date"},
    {"dur", "duration"},     {"emp", "employee"},     {"exp", "expectancy"},
    {"exp", "experience"},   {"exp", "expense"},      {"fname", "first name"},
    {"freq", "frequency"},   {"hr", "hour"},          {"hrs", "hours"},
    {"ht", "height"},        {"inv", "invoice"},      {"lat", "latitude"},
    {"lname", "last name"},  {"lng", "longitude"},    {"loc", "location"},
    {"lon", "longitude"},    {"lvl", "level"},        {"mfr", "manufacturer"},
    {"mgr", "manager"},      {"mins", "minutes"},     {"mo", "month"},
    {"num", "number"},       {"orig", "origin"},      {"pct", "percent"},
    {"percap", "per capita"}, {"pop", "population"},  {"prod", "product"},
    {"qty", "quantity"},     {"rev", "revenue"},      {"sal", "salary"},
    {"secs", "seconds"},     {"svc", "service"},      {"tel", "telephone"},
    {"temp", "temperature"}, {"tot", "total"},        {"vol", "volume"},
    {"wt", "weight"},        {"yr", "year"},
};
#define SPELLINGS_MAX 3 /* of one short word */

/* The nth thing that a word is short for, or its last; NULL: it is not short. */
static const char *long_word(struct str word, size_t n)
{
    const char *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sizeof(short_words) / sizeof(short_words[0]) && count <= n; i++)
        if (str_equal_text(word, short_words[i].from)) {
            found = short_words[i].to;
            count++;
        }
    return count > 0 && (count > n || n == 0) ? found : NULL;
}

/* "quantity on hand" for "qty on hand"; NULL where nothing is short, or not for so many things. */
static const char *spelled_out(const char *words, size_t n, struct arena *arena)
{
    struct str rest = str_from(words), part;
    const char *text = "";
    bool changed = false;
    while (str_split(&rest, ' ', &part)) {
        const char *word = long_word(part, n);
        changed |= word != NULL;
        if (!word)
            word = long_word(part, 0);
        text = arena_printf(arena, "%s%s%s", text, *text ? " " : "",
                            word ? word : arena_strndup(arena, part.bytes, part.length));
    }
    return changed ? text : NULL;
}

/* ---- all names of a table */

static void add_column(struct builder *b, const struct column *column)
{
    struct table_name like = named((struct mention){.kind = MENTION_COLUMN, .column = column}, 1);
    if (column_names_rows(column, b->dataset))
        like = worth(like, NAMES_ROWS_SCORE);
    const char *words = name_words(column->name, b->arena);
    struct table_name identifier = worth(like, IDENTIFIER_SCORE);
    identifier.kind = NAME_IDENTIFIER;
    add_name(b, &identifier);
    add_words(b, words, like);
    if (column->label)
        add_words(b, column->label, like);
    add_list(b, &column->synonyms, like);
    const char *whole = words, *spelling;
    for (size_t n = 0; n < SPELLINGS_MAX && (spelling = spelled_out(words, n, b->arena)); n++) {
        add_words(b, spelling, like);
        add_word_of_name(b, spelling, like);
        whole = n == 0 ? spelling : whole;
    }
    if (strchr(words, ' ') && str_list_has(whole, ' ', "quantity"))
        add_usual_words(b, "quantity", worth(like, 0.7)); /* "units" for "quantity on hand" */
    add_short_name(b, words, like);
    add_usual_words(b, words, like);
    add_word_of_name(b, words, like);
}

static const char *singular_of(const char *word, struct arena *arena)
{
    size_t length = strlen(word);
    return length > 3 && word[length - 1] == 's' ? arena_strndup(arena, word, length - 1) : word;
}

static void add_table(struct builder *b)
{
    const struct dataset *dataset = b->dataset;
    struct table_name like = named((struct mention){.kind = MENTION_TABLE}, 0.97);
    add_words(b, dataset->table_name, like);
    if (dataset->title)
        add_words(b, dataset->title, like);
    if (dataset->grain && strlen(dataset->grain) < 60)
        add_words(b, dataset_noun(dataset, b->arena), like);
    add_list(b, &dataset->synonyms, like);
    const char *key_noun = dataset_key_noun(dataset, b->arena);
    if (key_noun) /* less surely than a name that the rows may have beside their key */
        add_words(b, key_noun, named(like.mention, 0.8));
    const char *words = name_words(dataset->table_name, b->arena);
    add_usual_words(b, words, like);
    add_usual_words(b, singular_of(words, b->arena), like);
}

static void add_declared(struct builder *b)
{
    const struct dataset *dataset = b->dataset;
    for (size_t i = 0; i < dataset->metric_count; i++) {
        const struct metric *metric = &dataset->metrics[i];
        struct table_name like =
            named((struct mention){.kind = MENTION_METRIC, .metric = metric}, 1.02);
        add_words(b, metric->name, like);
        add_list(b, &metric->synonyms, like);
    }
    for (size_t i = 0; i < dataset->filter_count; i++) {
        const struct named_filter *filter = &dataset->filters[i];
        struct table_name like =
            named((struct mention){.kind = MENTION_FILTER, .filter = filter}, 1.01);
        add_words(b, filter->name, like);
        add_list(b, &filter->synonyms, like);
    }
}

/* ---- stored values */

/* "returned" for "returns", "first visits" for "first visit". */
static void add_stemmed_values(struct builder *b, const struct column *column,
                               struct table_name like)
{
    like = worth(like, 0.8);
    for (size_t k = 0; k < column->profile.value_count; k++) {
        like.mention.value = column->profile.values[k].text;
        if (strlen(like.mention.value) >= 4)
            add_words(b, like.mention.value, like);
    }
}

/* How people call what is stored in one word: "women" for sex = 'female'. */
static const struct {
    const char *value, *words;
} words_said[] = {
    {"female", "women woman ladies girls"},
    {"f", "women woman ladies girls female"},
    {"male", "men man gentlemen boys"},
    {"m", "men man gentlemen boys male"},
};

static void add_said_value(struct builder *b, const char *value, struct table_name like)
{
    like.mention.value = value;
    like.mention.score = like.score_beside = 0.9;
    for (size_t i = 0; i < sizeof(words_said) / sizeof(words_said[0]); i++) {
        struct str rest = str_from(words_said[i].words), part;
        if (strcasecmp(value, words_said[i].value) != 0)
            continue;
        while (str_split(&rest, ' ', &part))
            add_words(b, arena_strndup(b->arena, part.bytes, part.length), like);
    }
}

static void add_values(struct builder *b, const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    struct table_name like = named((struct mention){.kind = MENTION_VALUE, .column = column}, 0.99);
    if (column->kind != VALUE_TEXT && column->kind != VALUE_UNKNOWN)
        return;
    like.kind = NAME_VALUES;
    add_name(b, &like);
    if (profile->value_count <= STEMMED_VALUES_MAX)
        add_stemmed_values(b, column, like);
    for (size_t k = 0; profile->values_complete && k < profile->value_count &&
                       profile->value_count <= SAID_VALUES_MAX;
         k++)
        add_said_value(b, profile->values[k].text, like);
    like.kind = NAME_PART_OF_VALUE;
    add_name(b, &like);
}

/* ---- what may be misspelled: single words that are not short */

static void add_plain(struct builder *b, const char *name, struct mention mention)
{
    struct name_table *t = b->table;
    const char *words = name_words(name, b->arena);
    size_t length = strlen(words);
    if (length < MISSPELLED_LENGTH_MIN || strchr(words, ' '))
        return;
    t->plain =
        arena_grow(b->arena, t->plain, t->plain_count, &b->plain_capacity, sizeof(*t->plain));
    t->plain[t->plain_count++] = (struct plain_name){{words, length}, mention};
}

static void add_plain_names(struct builder *b)
{
    const struct dataset *dataset = b->dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        struct mention mention = {.kind = MENTION_COLUMN, .column = column};
        add_plain(b, column->name, mention);
        for (size_t k = 0; k < column->synonyms.count; k++)
            add_plain(b, column->synonyms.items[k], mention);
        mention.kind = MENTION_VALUE;
        for (size_t k = 0; k < column->profile.value_count &&
                           column->profile.value_count <= STEMMED_VALUES_MAX;
             k++) {
            mention.value = column->profile.values[k].text;
            add_plain(b, mention.value, mention);
        }
    }
    for (size_t i = 0; i < dataset->metric_count; i++)
        add_plain(b, dataset->metrics[i].name,
                  (struct mention){.kind = MENTION_METRIC, .metric = &dataset->metrics[i]});
    add_plain(b, dataset->table_name, (struct mention){.kind = MENTION_TABLE});
}

/* ---- the whole */

const struct name_table *name_table_build(const struct dataset *dataset, struct arena *arena)
{
    struct name_table *table = arena_alloc(arena, sizeof(*table));
    struct builder b = {.table = table, .arena = arena, .dataset = dataset};
    b.stemmer = sb_stemmer_new("english", "UTF_8");
    add_table(&b);
    for (size_t i = 0; i < dataset->column_count; i++)
        add_column(&b, &dataset->columns[i]);
    add_declared(&b);
    for (size_t i = 0; i < dataset->column_count; i++)
        add_values(&b, &dataset->columns[i]);
    add_plain_names(&b);
    sb_stemmer_delete(b.stemmer);
    return table;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the words of a question name: tables, columns, metrics, named filters and stored values.
 * Names match by their stems, values by their letters. Every match is a candidate; the longest and
 * surest that do not overlap are kept.
 */
#include "planner/rules/business_priv.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/read/words.h"

#define PHRASE_WORDS_MAX 6
#define CANDIDATES_MAX 400
#define VALUE_LENGTH_MIN 2
#define IDENTIFIER_SCORE 1.05 /* before a value or part of a name of the same letters */
#define SAID_VALUES_MAX 6     /* of a column of sexes */
#define STEMMED_VALUES_MAX 60 /* columns with more values match them by their letters only */

struct linker {
    struct ask *ask;
    struct sb_stemmer *stemmer;
    struct mention *found;
    size_t count;
};

/* ---- words */

static void release_stemmer(void *stemmer)
{
    sb_stemmer_delete(stemmer);
}

static const char *stem_of(struct linker *l, const char *word)
{
    size_t length = strlen(word);
    if (!l->stemmer || length > 60)
        return word;
    const sb_symbol *stem = sb_stemmer_stem(l->stemmer, (const sb_symbol *)word, (int)length);
    if (!stem)
        return word;
    return arena_strndup(l->ask->arena, (const char *)stem, (size_t)sb_stemmer_length(l->stemmer));
}

static bool letter(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80;
}

static size_t number_length(struct str s, size_t at)
{
    size_t end = at;
    while (end < s.length) {
        char c = s.bytes[end];
        bool more = end + 1 < s.length && char_is_digit(s.bytes[end + 1]);
        if (char_is_digit(c) || ((c == '.' || c == ',') && more && end > at))
            end++;
        else
            break;
    }
    return end - at;
}

/* "1,000" is 1000; "10k" and "2 million" are spelled out. NULL when it is no number. */
static const char *number_text(struct ask *ask, struct str digits, const char *rest)
{
    static const struct {
        const char *word, *zeros;
    } scales[] = {
        {"k", "000"}, {"m", "000000"}, {"thousand", "000"}, {"million", "000000"}, {"", ""}};
    char text[48];
    size_t length = 0;
    bool point = false;
    for (size_t i = 0; i < digits.length && length < 30; i++) {
        if (digits.bytes[i] == ',')
            continue;
        point |= digits.bytes[i] == '.';
        text[length++] = digits.bytes[i];
    }
    text[length] = '\0';
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
        if (strcmp(rest, scales[i].word) == 0 && (!point || !*scales[i].zeros))
            return arena_printf(ask->arena, "%s%s", text, scales[i].zeros);
    return NULL;
}

static const char *number_word(const char *text)
{
    static const char *const words[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    static const char *const digits[] = {"0", "1", "2", "3",  "4",  "5", "6",
                                         "7", "8", "9", "10", "11", "12"};
    for (size_t i = 2; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0)
            return digits[i];
    return NULL;
}

static struct ask_word *add_word(struct linker *l, size_t begin, size_t end)
{
    struct ask *ask = l->ask;
    if (ask->word_count >= ASK_WORDS_MAX)
        return NULL;
    struct ask_word *word = &ask->words[ask->word_count++];
    size_t length = end - begin > 100 ? 100 : end - begin;
    char *text = arena_strndup(ask->arena, ask->question.bytes + begin, length);
    *word = (struct ask_word){.begin = begin, .end = end, .mention = -1};
    word->capital = text[0] >= 'A' && text[0] <= 'Z';
    for (char *c = text; *c; c++)
        *c = char_lower(*c);
    size_t plain = strlen(text);
    if (plain > 2 && strcmp(text + plain - 2, "'s") == 0)
        text[plain - 2] = '\0';
    word->text = text;
    word->stem = stem_of(l, text);
    return word;
}

static size_t read_quoted(struct linker *l, size_t at)
{
    struct str s = l->ask->question;
    char quote = s.bytes[at];
    if (quote == '\'' && at > 0 && letter(s.bytes[at - 1]))
        return 0;
    for (size_t end = at + 1; end < s.length && end - at <= 100; end++) {
        bool closes = s.bytes[end] == quote &&
                      (quote == '"' || end + 1 == s.length || !letter(s.bytes[end + 1]));
        if (!closes)
            continue;
        struct ask_word *word = end > at + 1 ? add_word(l, at + 1, end) : NULL;
        if (word)
            word->quoted = true;
        return end + 1 - at;
    }
    return 0;
}

static size_t read_plain(struct linker *l, size_t at)
{
    struct str s = l->ask->question;
    size_t end = at, digits = char_is_digit(s.bytes[at]) ? number_length(s, at) : 0;
    end += digits;
    while (end < s.length &&
           (letter(s.bytes[end]) || s.bytes[end] == '_' ||
            (s.bytes[end] == '\'' && end > at && end + 1 < s.length && letter(s.bytes[end + 1]))))
        end++;
    struct ask_word *word = add_word(l, at, end);
    if (word && digits > 0)
        word->number = number_text(l->ask, str_slice(s, at, at + digits), word->text + digits);
    else if (word)
        word->number = number_word(word->text);
    return end - at;
}

static void read_words(struct linker *l)
{
    struct str s = l->ask->question;
    for (size_t i = 0; i < s.length && l->ask->word_count < ASK_WORDS_MAX;) {
        char c = s.bytes[i];
        size_t used = c == '"' || c == '\'' ? read_quoted(l, i) : 0;
        if (used == 0 && letter(c))
            used = read_plain(l, i);
        if (used == 0 && !char_is_space(c)) {
            struct ask_word *word = add_word(l, i, i + 1);
            if (word)
                word->mark = true;
        }
        i += used > 0 ? used : 1;
    }
}

bool ask_word_in(const struct ask *ask, size_t i, const char *list)
{
    if (i >= ask->word_count)
        return false;
    struct str rest = str_from(list), part;
    while (str_split(&rest, ' ', &part))
        if (part.length > 0 && str_equal_text(part, ask->words[i].text))
            return true;
    return false;
}

/* ---- names */

static void add_found(struct linker *l, struct mention mention)
{
    if (l->count < CANDIDATES_MAX)
        l->found[l->count++] = mention;
}

/* Finds the words of a name, in order and next to each other, anywhere in the question. */
static void link_name(struct linker *l, const char *name, struct mention mention)
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
        stems[count++] = stem_of(l, arena_strndup(l->ask->arena, part.bytes, part.length));
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
        if (k < count)
            continue;
        mention.first = i;
        mention.last = at;
        add_found(l, mention);
    }
}

static void link_list(struct linker *l, const struct text_list *names, struct mention mention)
{
    for (size_t i = 0; i < names->count; i++)
        link_name(l, names->items[i], mention);
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
        link_name(l, arena_strndup(l->ask->arena, words, rest), mention);
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
                                        "avg", "sum", "num", "day", "new", "top"};
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
            link_name(l, arena_strndup(l->ask->arena, part.bytes, part.length), mention);
}

/* What people say for what tables usually call otherwise. A column with one of the words is found
 * by the others of its line too, less surely than by its own name. */
static const char *const usual_words[] = {
    "revenue sales turnover takings",
    "quantity qty units pieces volume",
    "customer client buyer",
    "product item article goods",
    "region area territory",
    "salary pay wage earn paid",
    "employee staff worker people person",
    "country nation",
    "category type kind",
    "department division",
    "supplier vendor",
    "city town",
};

static void link_usual_words(struct linker *l, const char *words, struct mention mention)
{
    mention.score *= 0.85;
    for (size_t i = 0; i < sizeof(usual_words) / sizeof(usual_words[0]); i++) {
        struct str rest = str_from(usual_words[i]), part;
        bool named = false;
        while (str_split(&rest, ' ', &part))
            named |= str_equal_text(part, words);
        rest = str_from(usual_words[i]);
        while (named && str_split(&rest, ' ', &part))
            if (!str_equal_text(part, words))
                link_name(l, arena_strndup(l->ask->arena, part.bytes, part.length), mention);
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
        add_found(l, mention);
    }
}

static void link_columns(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        struct mention mention = {
            .kind = MENTION_COLUMN, .scope = scope, .column = column, .score = weight};
        const char *words = name_words(column->name, l->ask->arena);
        link_identifier(l, mention);
        link_name(l, words, mention);
        if (column->label)
            link_name(l, column->label, mention);
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

static void link_table(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    struct mention mention = {.kind = MENTION_TABLE, .scope = scope, .score = 0.97 * weight};
    link_name(l, dataset->table_name, mention);
    if (dataset->title)
        link_name(l, dataset->title, mention);
    if (dataset->grain && strlen(dataset->grain) < 60)
        link_name(l, dataset_noun(dataset, l->ask->arena), mention);
    link_list(l, &dataset->synonyms, mention);
    const char *key_noun = dataset_key_noun(dataset, l->ask->arena);
    if (key_noun) { /* less surely than a name that the rows may have beside their key */
        struct mention rows = mention;
        rows.score = 0.8 * weight;
        link_name(l, key_noun, rows);
    }
    link_usual_words(l, name_words(dataset->table_name, l->ask->arena), mention);
    link_usual_words(l, singular_of(name_words(dataset->table_name, l->ask->arena), l->ask->arena),
                     mention);
}

static void link_declared(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    for (size_t i = 0; i < dataset->metric_count; i++) {
        struct mention mention = {.kind = MENTION_METRIC,
                                  .scope = scope,
                                  .metric = &dataset->metrics[i],
                                  .score = 1.02 * weight};
        link_name(l, dataset->metrics[i].name, mention);
        link_list(l, &dataset->metrics[i].synonyms, mention);
    }
    for (size_t i = 0; i < dataset->filter_count; i++) {
        struct mention mention = {.kind = MENTION_FILTER,
                                  .scope = scope,
                                  .filter = &dataset->filters[i],
                                  .score = 1.01 * weight};
        link_name(l, dataset->filters[i].name, mention);
        link_list(l, &dataset->filters[i].synonyms, mention);
    }
}

/* ---- stored values */

static const char common_values[] =
    "a an the all no yes other others none any of in on to by and or is "
    "not it i me my we us per for at as us what who";

/* The number of words from i on that spell the value, or 0. */
static size_t value_words(const struct ask *ask, size_t i, const char *value, size_t length)
{
    size_t begin = ask->words[i].begin;
    if (begin + length > ask->question.length ||
        strncasecmp(ask->question.bytes + begin, value, length) != 0)
        return 0;
    for (size_t k = i; k < ask->word_count; k++) {
        if (ask->words[k].end == begin + length)
            return k + 1 - i;
        bool possessive = ask->words[k].end == begin + length + 2 &&
                          strncmp(ask->question.bytes + begin + length, "'s", 2) == 0;
        if (possessive)
            return k + 1 - i;
        if (ask->words[k].end > begin + length)
            return 0;
    }
    return 0;
}

static bool value_is_weak(const struct ask *ask, size_t i, size_t used, const char *value)
{
    const struct ask_word *word = &ask->words[i];
    if (used > 1 || word->quoted)
        return false;
    return ask_word_in(ask, i, common_values) || word->number || strlen(value) < VALUE_LENGTH_MIN;
}

/* "How many people" asks for rows, though a department may be called People. */
static bool value_is_a_plain_noun(const struct linker *l, size_t i, size_t used,
                                  const struct mention *mention)
{
    const struct ask *ask = l->ask;
    if (used > 1 || ask->words[i].quoted || ask->words[i].capital ||
        !ask_word_in(ask, i, "people person persons"))
        return false;
    const char *name = name_words(mention->column->name, ask->arena);
    const char *after = i + 1 < ask->word_count ? ask->words[i + 1].text : "";
    const char *before = i > 0 ? ask->words[i - 1].text : "";
    return !(*after && strstr(name, after)) && !(*before && strstr(name, before));
}

static void link_value(struct linker *l, const char *value, struct mention mention)
{
    size_t length = strlen(value);
    if (length == 0)
        return;
    char first = char_lower(value[0]);
    for (size_t i = 0; i < l->ask->word_count; i++) {
        if (l->ask->words[i].text[0] != first)
            continue;
        size_t used = value_words(l->ask, i, value, length);
        if (used == 0 || value_is_weak(l->ask, i, used, value) ||
            value_is_a_plain_noun(l, i, used, &mention))
            continue;
        mention.value = value;
        mention.first = i;
        mention.last = i + used;
        add_found(l, mention);
    }
}

/* "returned" for "returns", "first visits" for "first visit": values of a short list also match by
 * stem. */
static void link_stemmed_value(struct linker *l, const char *value, struct mention mention)
{
    if (strlen(value) < 4)
        return;
    mention.value = value;
    mention.score *= 0.8;
    link_name(l, value, mention);
}

/* How people call what is stored in one word: "women" for sex = 'female'. */
static const struct {
    const char *value, *words;
} value_words_said[] = {
    {"female", "women woman ladies girls"}, {"f", "women woman ladies girls female"},
    {"male", "men man gentlemen boys"},     {"m", "men man gentlemen boys male"},
};

static void link_said_value(struct linker *l, const struct column *column, struct mention mention)
{
    for (size_t k = 0; column->profile.values_complete && k < column->profile.value_count &&
                       column->profile.value_count <= SAID_VALUES_MAX;
         k++)
        for (size_t i = 0; i < sizeof(value_words_said) / sizeof(value_words_said[0]); i++) {
            const char *value = column->profile.values[k].text;
            struct str rest = str_from(value_words_said[i].words), part;
            if (strcasecmp(value, value_words_said[i].value) != 0)
                continue;
            mention.value = value;
            mention.score = 0.9;
            while (str_split(&rest, ' ', &part))
                link_name(l, arena_strndup(l->ask->arena, part.bytes, part.length), mention);
        }
}

/* "Sousa" for "Ana Sousa", when no other value of the column has that word. */
static void link_part_of_value(struct linker *l, const struct column *column,
                               struct mention mention)
{
    for (size_t i = 0; i < l->ask->word_count; i++) {
        const struct ask_word *word = &l->ask->words[i];
        if (!word->capital || i == 0 || strlen(word->text) < 3 || word->number)
            continue;
        const char *only = NULL;
        int hits = 0;
        size_t length = strlen(word->text);
        for (size_t k = 0; k < column->profile.value_count && hits < 2; k++) {
            const char *value = column->profile.values[k].text;
            const char *at = strcasestr(value, word->text);
            if (!at || (at > value && letter(at[-1])) || letter(at[length]))
                continue;
            hits++;
            only = value;
        }
        if (hits != 1 || strlen(only) == length)
            continue;
        mention.value = only;
        mention.first = i;
        mention.last = i + 1;
        mention.score = 0.6;
        add_found(l, mention);
    }
}

static void link_values(struct linker *l, int scope, double weight)
{
    const struct dataset *dataset = l->ask->scope[scope].dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        struct mention mention = {
            .kind = MENTION_VALUE, .scope = scope, .column = column, .score = 0.99 * weight};
        if (column->kind != VALUE_TEXT && column->kind != VALUE_UNKNOWN)
            continue;
        for (size_t k = 0; k < column->profile.value_count; k++) {
            link_value(l, column->profile.values[k].text, mention);
            if (column->profile.value_count <= STEMMED_VALUES_MAX)
                link_stemmed_value(l, column->profile.values[k].text, mention);
        }
        for (size_t k = 0; k < column->sample_values.count; k++)
            link_value(l, column->sample_values.items[k], mention);
        link_said_value(l, column, mention);
        link_part_of_value(l, column, mention);
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
        add_found(l, mention);
    }
}

static void link_all_misspelled(struct linker *l)
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

/* ---- choosing */

static int compare_found(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    double x_value = (double)(x->last - x->first) + 2 * x->score;
    double y_value = (double)(y->last - y->first) + 2 * y->score;
    if (x_value != y_value)
        return x_value > y_value ? -1 : 1;
    if (x->scope != y->scope)
        return x->scope - y->scope;
    return (x->first > y->first) - (x->first < y->first);
}

static bool words_free(const struct ask *ask, const struct mention *mention)
{
    for (size_t i = mention->first; i < mention->last; i++)
        if (ask->words[i].mention >= 0 || ask->words[i].in_period)
            return false;
    return true;
}

static void choose(struct linker *l)
{
    struct ask *ask = l->ask;
    qsort(l->found, l->count, sizeof(*l->found), compare_found);
    for (size_t i = 0; i < l->count && ask->mention_count < ASK_MENTIONS_MAX; i++) {
        if (!words_free(ask, &l->found[i]))
            continue;
        for (size_t k = l->found[i].first; k < l->found[i].last; k++)
            ask->words[k].mention = (int)ask->mention_count;
        ask->mentions[ask->mention_count++] = l->found[i];
    }
    l->count = 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* "product category": the table only says whose category is meant. */
static bool owns_next(const struct ask *ask, const struct mention *table,
                      const struct mention *next)
{
    const char *word = ask->words[table->last - 1].text;
    size_t length = strlen(word);
    bool plural = word[length - 1] == 's' &&
                  ask->words[table->last - 1].end == ask->words[table->last - 1].begin + length;
    plural |= ask_word_in(ask, table->last - 1, "people staff children men women");
    return table->kind == MENTION_TABLE && next->kind == MENTION_COLUMN &&
           table->scope == next->scope && table->last == next->first && !plural;
}

static void put_in_order(struct ask *ask)
{
    qsort(ask->mentions, ask->mention_count, sizeof(*ask->mentions), compare_places);
    size_t kept = 0;
    for (size_t i = 0; i < ask->mention_count; i++) {
        if (i + 1 < ask->mention_count && owns_next(ask, &ask->mentions[i], &ask->mentions[i + 1]))
            ask->mentions[i + 1].first = ask->mentions[i].first;
        else
            ask->mentions[kept++] = ask->mentions[i];
    }
    ask->mention_count = kept;
    for (size_t i = 0; i < ask->mention_count; i++)
        for (size_t k = ask->mentions[i].first; k < ask->mentions[i].last; k++)
            ask->words[k].mention = (int)i;
}

/* ---- periods: their words are taken, unless a stored value or a longer name says more */

static bool stronger_name(const struct linker *l, size_t begin, size_t end, bool ambiguous)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct mention *m = &l->found[i];
        size_t first = l->ask->words[m->first].begin, last = l->ask->words[m->last - 1].end;
        bool covers = first <= begin && last >= end;
        bool longer = last - first > end - begin;
        if (covers && m->score > 0.9 && (longer || (ambiguous && m->kind == MENTION_VALUE)))
            return true;
    }
    return false;
}

static void take_words(struct ask *ask, size_t begin, size_t end)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->words[i].begin >= begin && ask->words[i].end <= end)
            ask->words[i].in_period = true;
}

static void take_periods(struct linker *l)
{
    struct period_list *periods = &l->ask->periods;
    size_t kept = 0;
    for (size_t i = 0; i < periods->count; i++) {
        struct period *period = &periods->items[i];
        if (stronger_name(l, period->begin, period->end, period->ambiguous))
            continue;
        take_words(l->ask, period->begin, period->end);
        periods->items[kept++] = *period;
    }
    periods->count = kept;
    if (periods->group_end == 0)
        return;
    if (stronger_name(l, periods->group_begin, periods->group_end, false)) {
        periods->group_by = UNIT_NONE;
        periods->group_unspecified = false;
    } else {
        take_words(l->ask, periods->group_begin, periods->group_end);
    }
}

/* ---- which tables can be reached */

static const struct dataset *dataset_by_id(const struct plan_request *request, const char *id)
{
    for (size_t i = 0; id && i < request->dataset_count; i++)
        if (strcmp(request->datasets[i].dataset->id, id) == 0)
            return request->datasets[i].dataset;
    for (size_t i = 0; id && i < request->joinable_count; i++)
        if (strcmp(request->joinable[i].dataset->id, id) == 0)
            return request->joinable[i].dataset;
    return NULL;
}

static void reach(struct ask *ask, int parent, const char *column, const struct dataset *dataset,
                  const char *own_column)
{
    if (!dataset || ask->scope_count >= ASK_SCOPE_MAX)
        return;
    for (size_t i = 0; i < ask->scope_count; i++)
        if (ask->scope[i].dataset == dataset)
            return;
    if (!dataset_column(dataset, own_column) || !dataset_column(ask->scope[parent].dataset, column))
        return;
    ask->scope[ask->scope_count++] = (struct ask_scope){
        .dataset = dataset, .parent = parent, .parent_column = column, .own_column = own_column};
}

/* Only from the many to the one: the other way round rows would be counted more than once. */
static void reach_from(struct ask *ask, int parent, const struct plan_request *request)
{
    const struct dataset *from = ask->scope[parent].dataset;
    for (size_t i = 0; i < from->relationship_count; i++) {
        const struct relationship *r = &from->relationships[i];
        if (r->kind != RELATIONSHIP_ONE_TO_MANY)
            reach(ask, parent, r->column, dataset_by_id(request, r->dataset_id), r->other_column);
    }
    for (size_t k = 0; k < request->dataset_count + request->joinable_count; k++) {
        const struct dataset *other = k < request->dataset_count
                                          ? request->datasets[k].dataset
                                          : request->joinable[k - request->dataset_count].dataset;
        for (size_t i = 0; i < other->relationship_count; i++) {
            const struct relationship *r = &other->relationships[i];
            if (r->kind != RELATIONSHIP_MANY_TO_ONE && r->dataset_id &&
                strcmp(r->dataset_id, from->id) == 0)
                reach(ask, parent, r->other_column, other, r->column);
        }
    }
}

static void find_scope(struct ask *ask, const struct dataset *main,
                       const struct plan_request *request)
{
    ask->scope[0] = (struct ask_scope){.dataset = main, .parent = -1};
    ask->scope_count = 1;
    for (size_t i = 0; request && i < ask->scope_count; i++)
        reach_from(ask, (int)i, request);
}

struct ask *ask_read(struct str question, const struct period_calendar *calendar,
                     const struct dataset *main, const struct plan_request *others,
                     struct arena *arena)
{
    struct ask *ask = arena_alloc(arena, sizeof(*ask));
    struct linker l = {.ask = ask};
    ask->arena = arena;
    ask->question = question;
    ask->calendar = calendar;
    l.found = arena_array(arena, CANDIDATES_MAX, sizeof(*l.found));
    l.stemmer = sb_stemmer_new("english", "UTF_8");
    if (l.stemmer)
        arena_defer(arena, release_stemmer, l.stemmer);
    find_scope(ask, main, others);
    read_words(&l);
    period_find(question, calendar, arena, &ask->periods);
    for (size_t s = 0; s < ask->scope_count; s++) {
        double weight = s == 0 ? 1.0 : 0.97;
        link_table(&l, (int)s, weight);
        link_columns(&l, (int)s, weight);
        link_declared(&l, (int)s, weight);
        link_values(&l, (int)s, weight);
    }
    take_periods(&l);
    choose(&l);
    ask_find_cues(ask);
    link_all_misspelled(&l);
    choose(&l);
    put_in_order(ask);
    return ask;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about the data itself: what columns there are, what it is about, what can be asked. */
#include <string.h>

#include "core/strbuf.h"
#include "planner/print/describe.h"
#include "planner/rules/business.h"

#define TEXT_SIZE_MAX (16 * 1024)
#define COLUMNS_SHOWN 60
#define NAMES_SHOWN 8 /* measures, dimensions */
#define DATASETS_SHOWN 30

struct pattern {
    enum plan_meta_kind question;
    const char *words[4]; /* all must be in the question, in this order */
};

static const struct pattern patterns[] = {
    {PLAN_META_COLUMNS, {"what", "columns"}},
    {PLAN_META_COLUMNS, {"which", "columns"}},
    {PLAN_META_COLUMNS, {"what", "fields"}},
    {PLAN_META_COLUMNS, {"which", "fields"}},
    {PLAN_META_COLUMNS, {"list", "columns"}},
    {PLAN_META_COLUMNS, {"show", "columns"}},
    {PLAN_META_COLUMNS, {"show", "schema"}},
    {PLAN_META_COLUMNS, {"what", "schema"}},
    {PLAN_META_COLUMNS, {"column", "names"}},
    {PLAN_META_COLUMNS, {"describe", "columns"}},
    {PLAN_META_COLUMNS, {"what", "variables"}},
    {PLAN_META_COLUMNS, {"what", "attributes"}},
    {PLAN_META_DATASETS, {"what", "datasets"}},
    {PLAN_META_DATASETS, {"which", "datasets"}},
    {PLAN_META_DATASETS, {"list", "datasets"}},
    {PLAN_META_DATASETS, {"show", "datasets"}},
    {PLAN_META_DATASETS, {"what", "tables"}},
    {PLAN_META_DATASETS, {"which", "tables"}},
    {PLAN_META_DATASETS, {"list", "tables"}},
    {PLAN_META_DATASETS, {"what", "data", "have"}},
    {PLAN_META_DATASETS, {"what", "can", "ask"}},
    {PLAN_META_DATASETS, {"what", "data", "available"}},
    {PLAN_META_ABOUT, {"what", "data", "about"}},
    {PLAN_META_ABOUT, {"what", "dataset", "about"}},
    {PLAN_META_ABOUT, {"what", "table", "about"}},
    {PLAN_META_ABOUT, {"what", "file", "about"}},
    {PLAN_META_ABOUT, {"what", "in", "file"}},
    {PLAN_META_ABOUT, {"what", "file", "contain"}},
    {PLAN_META_ABOUT, {"describe", "file"}},
    {PLAN_META_ABOUT, {"describe", "dataset"}},
    {PLAN_META_ABOUT, {"describe", "data"}},
    {PLAN_META_ABOUT, {"describe", "table"}},
    {PLAN_META_ABOUT, {"tell", "about", "data"}},
    {PLAN_META_ABOUT, {"tell", "about", "dataset"}},
    {PLAN_META_ABOUT, {"what", "is", "in", "data"}},
    {PLAN_META_ABOUT, {"what", "is", "this", "dataset"}},
    {PLAN_META_ABOUT, {"explain", "dataset"}},
    {PLAN_META_ABOUT, {"what", "does", "data", "contain"}},
    {PLAN_META_ABOUT, {"what", "does", "dataset", "contain"}},
    {PLAN_META_ABOUT, {"summarize", "dataset"}},
};

/* Words that ask for figures: then it is no question about the data as such. */
static const char *const figures[] = {"total",  "average", "revenue", "how many", "by ", "highest",
                                      "lowest", "most ",   "top ",    "missing",  "null"};

/* The next place of a whole word, from `at` on; NULL when there is none. */
static const char *find_word(const char *text, const char *at, const char *word)
{
    size_t length = strlen(word);
    while ((at = strstr(at, word))) {
        bool starts = at == text || !char_is_alnum(at[-1]);
        if (starts && !char_is_alnum(at[length]))
            return at;
        at += length;
    }
    return NULL;
}

static bool matches(const struct pattern *pattern, const char *text)
{
    const char *at = text;
    for (size_t i = 0; i < 4 && pattern->words[i]; i++) {
        at = find_word(text, at, pattern->words[i]);
        if (!at)
            return false;
        at += strlen(pattern->words[i]);
    }
    return true;
}

static void write_column(struct strbuf *out, const struct column *column, struct arena *arena)
{
    strbuf_printf(out, "- %s (%s", column->name, value_kind_name(column->kind));
    if (column->unit)
        strbuf_printf(out, ", %s", column->unit);
    strbuf_add(out, ")");
    const char *words = column_words(column, arena);
    if (column->description)
        strbuf_printf(out, ": %s", column->description);
    else if (strcmp(words, column->name) != 0)
        strbuf_printf(out, ": %s", words);
    const struct column_profile *p = &column->profile;
    if (p->known && value_kind_is_time(column->kind) && p->min && p->max)
        strbuf_printf(out, ", from %.10s to %.10s", p->min, p->max);
    else if (p->known && p->values_complete && p->value_count > 0 && p->value_count <= 6 &&
             column->kind == VALUE_TEXT)
        for (size_t i = 0; i < p->value_count; i++)
            strbuf_printf(out, "%s%s", i == 0 ? "; values " : ", ", p->values[i].text);
    strbuf_add_char(out, '\n');
}

static void write_columns(struct strbuf *out, const struct dataset *dataset, struct arena *arena)
{
    strbuf_printf(out, "%s has %zu %s:\n", dataset_title(dataset), dataset->column_count,
                  plural(dataset->column_count, "column", "columns"));
    size_t shown = dataset->column_count < COLUMNS_SHOWN ? dataset->column_count : COLUMNS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        write_column(out, &dataset->columns[i], arena);
    if (shown < dataset->column_count)
        strbuf_printf(out, "- and %zu more\n", dataset->column_count - shown);
    for (size_t i = 0; i < dataset->metric_count; i++)
        strbuf_printf(out, "%s%s", i == 0 ? "Metrics: " : ", ", dataset->metrics[i].name);
    if (dataset->metric_count > 0)
        strbuf_add(out, ".\n");
}

/* "It measures revenue, profit and cost. " */
static void write_names(struct strbuf *out, const struct dataset *dataset, bool measures,
                        struct arena *arena)
{
    const char *names[NAMES_SHOWN];
    size_t shown = 0;
    for (size_t i = 0; i < dataset->column_count && shown < NAMES_SHOWN; i++) {
        const struct column *column = &dataset->columns[i];
        if (column->role == (measures ? ROLE_MEASURE : ROLE_DIMENSION))
            names[shown++] = column_words(column, arena);
    }
    for (size_t i = 0; i < shown; i++)
        strbuf_printf(out, "%s%s",
                      i > 0          ? i + 1 < shown ? ", " : " and "
                      : measures ? "It measures "
                                 : "It can be looked at by ",
                      names[i]);
    if (shown > 0)
        strbuf_add(out, ". ");
}

static void write_about(struct strbuf *out, const struct dataset *dataset, struct arena *arena)
{
    strbuf_add(out, dataset_title(dataset));
    if (dataset->description)
        strbuf_printf(out, ": %s", dataset->description);
    bool ended = out->length > 0 && strchr(".!?", out->bytes[out->length - 1]);
    strbuf_add(out, ended ? " " : ". ");
    strbuf_add(out, "It has ");
    if (dataset->row_count >= 0)
        strbuf_printf(out, "%lld %s and ", (long long)dataset->row_count,
                      plural((uint64_t)dataset->row_count, "row", "rows"));
    strbuf_printf(out, "%zu %s", dataset->column_count,
                  plural(dataset->column_count, "column", "columns"));
    if (dataset->grain)
        strbuf_printf(out, "; one row is %s", dataset->grain);
    strbuf_add(out, ". ");
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        if (!value_kind_is_time(column->kind) || !column->profile.min || !column->profile.max)
            continue;
        char *words = arena_strdup(arena, column_words(column, arena));
        words[0] = char_upper(words[0]);
        strbuf_printf(out, "%s runs from %.10s to %.10s. ", words,
                      column->profile.min, column->profile.max);
        break;
    }
    write_names(out, dataset, true, arena);
    write_names(out, dataset, false, arena);
}

static void write_datasets(struct strbuf *out, const struct plan_request *request)
{
    size_t shown = 0;
    strbuf_add(out, "You can ask about:\n");
    for (size_t i = 0; i < request->dataset_count + request->joinable_count; i++) {
        const struct dataset *dataset = i < request->dataset_count
                                            ? request->datasets[i].dataset
                                            : request->joinable[i - request->dataset_count].dataset;
        if (shown++ == DATASETS_SHOWN) {
            strbuf_add(out, "- and more\n");
            break;
        }
        strbuf_printf(out, "- %s", dataset_title(dataset));
        if (dataset->description)
            strbuf_printf(out, ": %s", dataset->description);
        strbuf_add_char(out, '\n');
    }
}

static bool asks_for_figures(const char *text)
{
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        if (strstr(text, figures[i]))
            return true;
    return false;
}

static enum plan_meta_kind question_of(const struct plan_request *request, struct arena *arena)
{
    char *text = arena_strndup(arena, request->question.bytes, request->question.length);
    for (char *c = text; *c; c++)
        *c = char_lower(*c);
    if (request->question.length > 120 || asks_for_figures(text))
        return PLAN_META_NONE;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (matches(&patterns[i], text))
            return patterns[i].question;
    return PLAN_META_NONE;
}

/* The dataset whose name is said, else the best one. */
static const struct dataset *dataset_named(const struct plan_request *request, struct arena *arena)
{
    char *text = arena_strndup(arena, request->question.bytes, request->question.length);
    for (size_t i = 0; i < request->dataset_count; i++) {
        const struct dataset *dataset = request->datasets[i].dataset;
        if (strcasestr(text, dataset->table_name) || strcasestr(text, dataset_title(dataset)))
            return dataset;
    }
    return request->dataset_count > 0 ? request->datasets[0].dataset : NULL;
}

struct plan_meta_answer business_meta(const struct plan_request *request, struct arena *arena)
{
    struct plan_meta_answer answer = {.kind = question_of(request, arena)};
    const struct dataset *dataset = dataset_named(request, arena);
    if (answer.kind == PLAN_META_NONE || (answer.kind != PLAN_META_DATASETS && !dataset))
        return (struct plan_meta_answer){.kind = PLAN_META_NONE};
    struct strbuf text = strbuf_init(TEXT_SIZE_MAX);
    if (answer.kind == PLAN_META_COLUMNS)
        write_columns(&text, dataset, arena);
    else if (answer.kind == PLAN_META_ABOUT)
        write_about(&text, dataset, arena);
    else
        write_datasets(&text, request);
    struct str trimmed = str_trim(strbuf_str(&text));
    answer.dataset = answer.kind == PLAN_META_DATASETS ? NULL : dataset;
    answer.sentence = arena_strndup(arena, trimmed.bytes ? trimmed.bytes : "", trimmed.length);
    strbuf_clear(&text);
    return answer;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/follow_up.h"

#include <string.h>
#include <strings.h>

#include "planner/rules/follow_up_edit.h"

/* ---- does it lean on what was before */

/* How a question begins that leans on the one before. */
static const struct {
    const char *start;
    double lean;
} starts[] = {
    {"and ", 1},
    {"what about", 1},
    {"how about", 1},
    {"only ", 1},
    {"just ", 1},
    {"but ", 1},
    {"also ", 1},
    {"now ", 0.9},
    {"instead", 1},
    {"why", 1},
    {"without ", 1},
    {"exclud", 1},
    {"except", 1},
    {"by ", 1},
    {"per ", 1},
    {"in ", 0.9},
    {"for ", 0.9},
    {"as ", 1},
    {"not ", 1},
    {"sort", 1},
    {"order by", 1},
    {"ordered", 1},
    {"group", 1},
    {"break", 1},
    {"broken", 1},
    {"split", 1},
    {"drill", 1},
    {"remove", 1},
    {"leave out", 1},
    {"ignor", 1},
    {"add ", 0.9},
    {"all ", 0.9},
    {"same ", 1},
    {"the same", 1},
    {"compare it", 1},
    {"compared ", 1},
    {"compare with", 1},
    {"compare to", 1},
    {"versus", 1},
    {"vs ", 1},
    {"of these", 1},
    {"of those", 1},
    {"of them", 1},
    {"among th", 1},
    {"then ", 0.9},
    {"make it", 1},
    {"show it", 1},
    {"show them", 1},
    {"show that", 1},
    {"the top", 0.6},
    {"the bottom", 0.8},
    {"bottom ", 0.7},
    {"reverse", 1},
    {"ascending", 1},
    {"descending", 1},
    {"alphabet", 1},
    {"or ", 1},
    {"since ", 0.9},
    {"before ", 0.9},
    {"after ", 0.9},
    {"until ", 0.9},
    {"during ", 0.9},
    {"between ", 0.8},
    {"from ", 0.8},
    {"over time", 0.9},
    {"with ", 0.7},
    {"on ", 0.7},
    {"use ", 0.8},
    {"switch", 0.9},
    {"change to", 0.9},
    {"ok", 0.9},
    {"filter", 0.9},
    {"limit ", 0.9},
    {"excluding", 1},
    {"which one", 1},
    {"which of", 1},
    {"how come", 1},
    {"what are their", 1},
    {"what is their", 1},
    {"what are its", 1},
    {"what is its", 1},
    {"who are they", 1},
    {"who are these", 1},
    {"who are those", 1},
    {"who were they", 1},
    {"which ones", 1},
    {"list them", 1},
    {"list their", 1},
    {"list those", 1},
    {"their ", 1},
    {"its ", 1},
    {"show their", 1},
    {"show its", 1},
    {"show me their", 1},
    {"show those", 1},
    {"show me those", 1},
    {"show me them", 1},
    {"show me the rows", 1},
    {"show the rows", 1},
    {"the rows", 1},
    {"show me the details", 1},
    {"show the details", 1},
    {"give me their", 1},
    {"give their", 1},
    {"return their", 1},
    {"return the top", 1},
    {"return the first", 1},
    {"give me the first", 0.9},
    {"give me the top", 0.9},
    {"show me the top", 0.8},
    {"show me the first", 0.8},
    {"the first", 0.9},
    {"first one", 1},
    {"top one", 1},
    {"the best one", 1},
    {"the last one", 1},
    {"last one", 1},
    {"other way", 1},
    {"the other way", 1},
    {"the opposite", 1},
    {"flip", 1},
    {"turn it", 1},
    {"invert", 1},
    {"include", 0.8},
    {"on average", 1},
    {"year over year", 0.9},
    {"what if", 0.7},
};
static const char *const inside[] = {"instead",  "as well", " too",   "of these",
                                     "of those", "of them", "those ", "for them"};

double follow_up_lean(struct str question)
{
    struct str text = str_trim(question);
    size_t longest = 0;
    double lean = 0;
    char first = text.length > 0 ? char_lower(text.bytes[0]) : '\0';
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        if (starts[i].start[0] != first)
            continue;
        struct str start = str_from(starts[i].start);
        if (text.length < start.length || start.length <= longest ||
            !str_equal_nocase(str_slice(text, 0, start.length), start))
            continue;
        longest = start.length;
        lean = starts[i].lean;
    }
    if (longest > 0)
        return lean;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (str_find(text, str_from(inside[i])) >= 0)
            return 1;
    return 0;
}

/* ---- before the edits */

static int scope_of(const struct ask *ask, const struct dataset *dataset)
{
    for (size_t s = 0; s < ask->scope_count; s++)
        if (strcmp(ask->scope[s].dataset->id, dataset->id) == 0)
            return (int)s;
    return -1;
}

/* The tables that the query has already are not joined again. */
static void start_builder(struct editor *e)
{
    const struct query *previous = e->request->previous;
    e->b = (struct builder){.r = e->r, .arena = e->arena};
    e->b.query = query_copy(e->arena, previous);
    for (int s = 0; s < ASK_SCOPE_MAX; s++)
        e->b.table_of[s] = -1;
    for (size_t t = 0; t < previous->table_count; t++) {
        int scope = scope_of(e->ask, previous->tables[t].dataset);
        if (scope >= 0)
            e->b.table_of[scope] = (int)t;
    }
}

/* Periods stay on the time column that the query used before. */
static const struct expression *time_before(const struct parts *p)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i]->kind == EXPRESSION_BUCKET)
            return p->groups[i]->left;
    const struct condition *c = p->period ? p->period : p->now;
    while (c && c->kind == CONDITION_OR && c->part_count > 0)
        c = c->parts[0];
    return c ? c->left : NULL;
}

static void find_time(struct editor *e)
{
    struct reading *r = e->r;
    const struct expression *time = time_before(&e->parts);
    if (time && time->kind == EXPRESSION_COLUMN) {
        int scope = scope_of(e->ask, e->request->previous->tables[time->table].dataset);
        if (scope >= 0)
            r->time = (struct ref){.scope = scope, .column = time->column};
    }
    for (size_t s = 0; s < e->ask->scope_count && !r->time.column; s++)
        r->time =
            (struct ref){.scope = (int)s, .column = dataset_time_column(e->ask->scope[s].dataset)};
}

/* Names without a use: tables and dimensions become groups ("and customers?", "region instead"). */
static void use_loose_names(struct editor *e)
{
    struct reading *r = e->r;
    bool all = ask_has(e->ask, CUE_ALL, NULL) || ask_has(e->ask, CUE_SORT, NULL) ||
               ask_has(e->ask, CUE_ALPHABET, NULL);
    if (all || r->group_count > 0)
        return;
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        bool filtered = false;
        for (size_t k = 0; k < r->filter_count; k++)
            filtered |= r->filters[k].ref.column == m->column && m->column;
        const struct column *column = m->column;
        bool table = m->kind == MENTION_TABLE && m->scope > 0 && r->filter_count == 0;
        if (table) /* "for business customers" only edit_says whose segment it is */
            column = dataset_name_column(e->ask->scope[m->scope].dataset);
        if (r->uses[i] != USE_SHOW || filtered || !column || !column_is_group(column) ||
            r->group_count == READING_GROUPS_MAX)
            continue;
        r->groups[r->group_count++] = (struct ref){.scope = m->scope, .column = column};
    }
}

static bool groups_by_time(const struct parts *p)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i]->kind == EXPRESSION_BUCKET)
            return true;
    return false;
}

static void open_bucket(struct editor *e)
{
    struct reading *r = e->r;
    if (r->bucket_open && r->time.column && r->bucket == UNIT_NONE && !groups_by_time(&e->parts))
        r->bucket = UNIT_MONTH;
}

/* ---- the whole */

static bool edit(struct editor *e, size_t nth)
{
    struct arena *arena = e->arena;
    const struct query *previous = e->request->previous;
    e->ask = ask_read(e->request, previous->tables[0].dataset, arena);
    e->r = reading_slots(e->ask);
    e->parts = parts_take_apart(previous);
    size_t at = 0;
    e->also = ask_has(e->ask, CUE_ALSO, NULL) || edit_says(e, "broken down") ||
              edit_says(e, "break it down") || edit_says(e, "split") || edit_says(e, "drill") ||
              edit_says(e, "add ") || edit_says(e, "within");
    e->instead = ask_has(e->ask, CUE_INSTEAD, &at);
    start_builder(e);
    find_time(e);
    open_bucket(e);
    if (!edit_rows(e))
        use_loose_names(e);
    if (ask_has(e->ask, CUE_WHY, NULL)) {
        edit_why(e, nth);
        return e->edits > 0;
    }
    if (nth > 0)
        return false;
    edit_comparison(e);
    edit_period(e);
    edit_filters(e);
    edit_all(e);
    edit_measures(e);
    edit_groups(e);
    edit_numbers(e);
    edit_share(e);
    edit_rank(e);
    edit_order(e);
    return e->edits > 0;
}

void follow_up_candidates(const struct plan_request *request, struct arena *arena,
                          struct business_candidate *out, size_t *count)
{
    *count = 0;
    if (!request->previous || request->previous->table_count == 0 ||
        request->previous->set_operation != SET_NONE)
        return;
    double lean = follow_up_lean(request->question);
    uint64_t before = query_hash(request->previous);
    for (size_t nth = 0; nth < FOLLOW_UPS_MAX; nth++) {
        struct editor e = {.request = request, .arena = arena};
        bool changed = edit(&e, nth);
        bool full = lean < 0.5 && (e.r->measure_count > 0 || e.r->rows_entity) && !e.instead;
        const struct query *query = changed && !full ? parts_put_together(&e) : NULL;
        /* What changes nothing was not understood: its answer is known. */
        if (query && query_hash(query) != before) {
            reading_doubt(e.r, "follow-up", lean >= 0.5 ? lean : 0.88);
            reading_doubt(e.r, "nth dimension", nth == 0 ? 1.0 : 0.8 - 0.05 * (double)nth);
            reading_finish(e.r, query_prune(arena, query), &out[*count]);
            out[*count].follow_up = true;
            ++*count;
        }
        strbuf_clear(&e.r->explanation);
        /* Only "why" has several readings: one for each dimension. */
        if (!changed || !ask_has(e.ask, CUE_WHY, NULL))
            break;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Periods in a question. Three layers: words (period_words.c), single stretches of time
 * (period_span.c), and here what stands around them: ranges, open ends, comparisons, grouping.
 *
 * Two comparisons need other periods first ("the previous month", "the same month last year"):
 * they are marked while reading and filled in at the end.
 */
#include "planner/read/period.h"

#include <string.h>

#include "planner/read/period_words.h"

#define IS(i, word) period_word_is(r->text, i, word)
#define IN(i, list) period_word_in(r->text, i, list)

/* How a comparison is worked out once the main period is known. */
enum relation { RELATION_NONE, RELATION_BEFORE, RELATION_YEAR_BEFORE };

struct found {
    struct span span;
    size_t first, last; /* words [first, last) */
    bool comparison;
    enum relation relation;
};

struct finder {
    struct span_reader reader;
    struct found found[PERIODS_MAX];
    size_t count;
    bool compares;     /* "compare", "comparison" was said */
    bool talks_change; /* "growth", "increase", ... */
    bool changes;      /* those of them that say nothing else: not "up", "down", "lost" */
};

/* ---- dates as words */

static const char *const month_names[] = {"",        "January",  "February", "March",  "April",
                                          "May",     "June",     "July",     "August", "September",
                                          "October", "November", "December"};

static bool date_of(const char *text, struct date *out)
{
    return text && date_parse(str_from(text), out);
}

static const char *day_words(struct arena *arena, struct date date)
{
    return arena_printf(arena, "%d %s %d", date.day, month_names[date.month], date.year);
}

const char *period_bounds(const char *from, const char *to, struct arena *arena)
{
    struct date first, end;
    bool has_first = date_of(from, &first), has_end = date_of(to, &end);
    if (has_first && !has_end)
        return arena_printf(arena, "since %s", day_words(arena, first));
    if (!has_first && has_end)
        return arena_printf(arena, "before %s", day_words(arena, end));
    if (!has_first)
        return "all dates";
    struct date last = date_from_days(date_to_days(end) - 1);
    if (date_to_days(last) <= date_to_days(first))
        return day_words(arena, first);
    if (first.year == last.year && first.month == last.month)
        return arena_printf(arena, "%d to %s", first.day, day_words(arena, last));
    if (first.year == last.year)
        return arena_printf(arena, "%d %s to %s", first.day, month_names[first.month],
                            day_words(arena, last));
    return arena_printf(arena, "%s to %s", day_words(arena, first), day_words(arena, last));
}

const char *period_name(const char *from, const char *to, struct arena *arena)
{
    struct date a, b;
    if (!date_of(from, &a) || !date_of(to, &b))
        return NULL;
    if (date_to_days(b) - date_to_days(a) == 1)
        return day_words(arena, a);
    if (a.day != 1 || b.day != 1)
        return NULL;
    int months = (b.year - a.year) * 12 + b.month - a.month;
    if (months == 1)
        return arena_printf(arena, "%s %d", month_names[a.month], a.year);
    if (months == 3 && a.month % 3 == 1)
        return arena_printf(arena, "Q%d %d", a.month / 3 + 1, a.year);
    if (a.month != 1 || b.month != 1)
        return NULL;
    if (months == 12)
        return arena_printf(arena, "%d", a.year);
    return arena_printf(arena, "%d to %d", a.year, b.year - 1);
}

/* ---- ranges and open ends */

static bool joins_range(const struct span_reader *r, size_t i)
{
    return IN(i, "to until till through thru -") || (IS(i, "up") && IS(i + 1, "to"));
}

/* "March to May 2024": the first takes the second's year, unless it would come after it. */
static void share_year(struct span *first, const struct span *second)
{
    if (first->year_given || first->named == UNIT_NONE)
        return;
    int year = date_from_days(second->from).year;
    span_set_year(first, year);
    if (first->from >= second->to)
        span_set_year(first, year - 1);
    first->year_given = second->year_given;
}

/* "March 2024 to May": the second follows the first. */
static void follow_year(const struct span *first, struct span *second)
{
    if (second->year_given || second->named == UNIT_NONE)
        return;
    int year = date_from_days(first->from).year;
    span_set_year(second, year);
    if (second->to <= first->from)
        span_set_year(second, year + 1);
    second->year_given = first->year_given;
}

static bool span_join(struct span first, struct span second, struct span *out)
{
    if (second.year_given)
        share_year(&first, &second);
    else
        follow_year(&first, &second);
    if (second.to <= first.from)
        return false;
    *out = first;
    out->to = second.to;
    out->named = UNIT_NONE;
    out->counted = true;
    out->relative = false;
    out->year_given = first.year_given && second.year_given;
    out->ambiguous = first.ambiguous && second.ambiguous;
    if (second.unit < out->unit)
        out->unit = second.unit;
    if (!out->assumption)
        out->assumption = second.assumption;
    return true;
}

/* "from X to Y", "between X and Y", "X to Y", "X - Y", "2021-2023", "from 4 to 9 March 2024" */
static size_t read_range(const struct span_reader *r, size_t i, struct span *out)
{
    bool between = IS(i, "between"), from = IS(i, "from");
    size_t at = i + (between || from);
    at += IS(at, "the");
    struct span first, second;
    size_t used = span_read(r, at, &first);
    const struct period_word *day = at < r->text->count ? &r->text->words[at] : NULL;
    bool bare_day = used == 0 && day && day->value >= 1 && day->value <= 31 && day->digits > 0;
    if (used == 0 && !bare_day)
        return 0;
    at += bare_day ? 1 : used;
    if (between ? !IN(at, "and -") : !joins_range(r, at))
        return 0;
    at += IS(at, "up") ? 2 : 1;
    at += IS(at, "the");
    used = span_read(r, at, &second);
    if (used == 0 && IS(at, "now")) {
        second = (struct span){
            .from = r->today, .to = r->today + 1, .unit = UNIT_DAY, .year_given = true};
        used = 1;
    }
    if (used == 0 || (bare_day && second.day == 0))
        return 0;
    if (bare_day) {
        first = second;
        first.from = second.from - second.day + day->value;
        first.to = first.from + 1;
    }
    return span_join(first, second, out) ? at + used - i : 0;
}

/* "since X", "after X", "before X", "until X", "from X on", "starting in X" */
static size_t read_open(const struct span_reader *r, size_t i, struct span *out)
{
    static const struct {
        const char *words[3];
        bool from, to; /* which end is open */
        bool beyond;   /* X itself is left out */
    } rows[] = {
        {{"since"}, false, true, false},          {{"starting", "from"}, false, true, false},
        {{"starting", "in"}, false, true, false}, {{"starting"}, false, true, false},
        {{"after"}, false, true, true},           {{"later", "than"}, false, true, true},
        {{"before"}, true, false, true},          {{"prior", "to"}, true, false, true},
        {{"earlier", "than"}, true, false, true}, {{"until"}, true, false, false},
        {{"till"}, true, false, false},           {{"up", "to"}, true, false, false},
        {{"through"}, true, false, false},        {{"no", "later", "than"}, true, false, false},
        {{"from"}, false, true, false},
    };
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        size_t at = i, n = 0;
        while (n < 3 && rows[k].words[n] && IS(at, rows[k].words[n]))
            n++, at++;
        if (n == 0 || (n < 3 && rows[k].words[n]))
            continue;
        at += IS(at, "the");
        size_t used = span_read(r, at, out);
        if (used == 0)
            return 0;
        size_t end = at + used;
        if (IS(i, "from")) { /* only with "on": "orders from March" is March alone */
            if (!IN(end, "on onwards onward forward"))
                return 0;
            end++;
        } else {
            end += IN(end, "onwards onward");
        }
        out->relative = false;
        if (out->moment != 0 && IS(i, "since"))
            out->from = out->moment;
        out->from_open = rows[k].from;
        out->to_open = rows[k].to;
        if (rows[k].from && rows[k].beyond)
            out->to = out->from;
        if (rows[k].to && rows[k].beyond)
            out->from = out->to;
        return end - i;
    }
    return 0;
}

static size_t read_any(const struct span_reader *r, size_t i, struct span *out)
{
    size_t used = read_range(r, i, out);
    if (used == 0)
        used = read_open(r, i, out);
    return used > 0 ? used : span_read(r, i, out);
}

/* ---- comparisons */

/* "year over year", "yoy", "month on month" */
static size_t read_over(const struct span_reader *r, size_t i, struct found *out)
{
    static const struct {
        const char *word;
        enum time_unit unit;
    } rows[] = {{"yoy", UNIT_YEAR}, {"qoq", UNIT_QUARTER}, {"mom", UNIT_MONTH}};
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (IS(i, rows[k].word)) {
            out->span.unit = rows[k].unit;
            out->relation = k == 0 ? RELATION_YEAR_BEFORE : RELATION_BEFORE;
            return 1;
        }
    enum time_unit unit = unit_of_word(r->text, i, NULL);
    bool dashed = IS(i + 1, "-");
    size_t at = i + 1 + dashed;
    if (unit == UNIT_NONE || !IN(at, "over on") ||
        unit_of_word(r->text, at + 1 + dashed, NULL) != unit)
        return 0;
    out->span.unit = unit;
    out->relation = unit == UNIT_YEAR ? RELATION_YEAR_BEFORE : RELATION_BEFORE;
    return at + 2 + dashed - i;
}

/* "the same month last year", "the same period a year ago", "the year before", "a year earlier" */
static size_t read_same(const struct span_reader *r, size_t i, struct found *out)
{
    size_t at = i + IS(i, "the");
    if (IS(at, "same")) {
        at += 1;
        if (!IN(at, "period time month quarter week day days"))
            return 0;
        at += 1 + IN(at + 1, "of in");
        at += IS(at, "the");
        bool ago = IN(at, "a one") && IS(at + 1, "year") && IN(at + 2, "ago earlier before");
        bool last = IN(at, "last previous prior") && IS(at + 1, "year");
        if (!ago && !last)
            return 0;
        out->span.unit = UNIT_YEAR;
        out->relation = RELATION_YEAR_BEFORE;
        return at + (ago ? 3 : 2) - i;
    }
    bool article = at > i || IN(at, "a one");
    at += at == i && article;
    enum time_unit unit = unit_of_word(r->text, at, NULL);
    if (IS(at, "period"))
        unit = UNIT_DAY;
    if (!article || unit == UNIT_NONE || !IN(at + 1, "before earlier") || IS(at + 2, "yesterday"))
        return 0;
    struct span next;
    if (IS(at + 1, "before") && span_read(r, at + 2, &next) > 0)
        return 0; /* "the day before 3 June" */
    out->span.unit = unit;
    out->relation = unit == UNIT_YEAR ? RELATION_YEAR_BEFORE : RELATION_BEFORE;
    return at + 2 - i;
}

static size_t comparison_words(const struct finder *f, size_t i)
{
    const struct span_reader *r = &f->reader;
    if (IN(i, "compared comparing relative"))
        return IN(i + 1, "with to against") ? 2 : 1;
    if (IN(i, "versus vs against"))
        return IS(i + 1, ".") ? 2 : 1;
    if (IS(i, "than"))
        return IN(i + 1, "in during for") ? 2 : 1;
    if (f->compares && f->count > 0 && !f->found[f->count - 1].comparison &&
        IN(i, "with to and"))
        return 1;
    if (f->talks_change && IN(i, "over from on since") &&
        (IN(i + 1, "last previous prior") || (IS(i + 1, "the") && IN(i + 2, "previous prior year "
                                                                            "same"))))
        return IS(i, "since") ? 0 : 1;
    return 0;
}

/* "Change from March to May", "the difference between 2022 and 2023": two periods of one kind are
 * compared, where else they would be one long one. Takes the words of the first. */
static size_t read_two_ends(const struct finder *f, size_t i, struct found *out)
{
    const struct span_reader *r = &f->reader;
    bool between = IS(i, "between");
    struct span first, second;
    if (!(f->changes && (between || IS(i, "from"))) && !(f->compares && between))
        return 0;
    size_t at = i + 1 + IS(i + 1, "the");
    size_t used = span_read(r, at, &first);
    if (used == 0)
        return 0;
    at += used;
    size_t end = at;
    if (between ? !IS(at, "and") : !IS(at, "to"))
        return 0;
    at += 1 + IS(at + 1, "the");
    bool alike = span_read(r, at, &second) > 0 && first.unit == second.unit &&
                 first.unit != UNIT_DAY && !first.counted && !second.counted;
    if (!alike)
        return 0;
    out->span = first;
    out->comparison = true;
    return end - i;
}

static size_t read_comparison(const struct finder *f, size_t i, struct found *out)
{
    const struct span_reader *r = &f->reader;
    size_t used = read_two_ends(f, i, out);
    if (used > 0)
        return used;
    out->comparison = true;
    used = read_over(r, i, out);
    if (used > 0)
        return used;
    size_t lead = comparison_words(f, i);
    if (lead == 0) {
        used = read_same(r, i, out);
        return f->count > 0 || f->talks_change || IS(i, "the") ? used : 0;
    }
    used = read_same(r, i + lead, out);
    if (used > 0)
        return lead + used;
    size_t at = i + lead + IS(i + lead, "the") + IS(i + lead, "in");
    used = read_any(r, at, &out->span);
    if (used == 0 || out->span.from_open || out->span.to_open)
        return 0;
    if (out->span.relative)
        out->relation = RELATION_BEFORE;
    return at + used - i;
}

/* ---- grouping */

/* How many words from i on say "weekday", "day of the week"; 0: none. */
static size_t weekday_words(const struct span_reader *r, size_t i)
{
    if (IN(i, "weekday weekdays"))
        return 1;
    size_t of = i + 2 + IS(i + 2, "the");
    return IN(i, "day days") && IS(i + 1, "of") && IS(of, "week") ? of + 1 - i : 0;
}

/* "by month", "per week", "each day", "for every quarter", "which month", "month by month" */
static size_t read_group_unit(const struct span_reader *r, size_t i, enum time_unit *unit)
{
    bool plural = false;
    size_t weekday = weekday_words(r, i + 1);
    if (weekday > 0 && IN(i, "by per each every which what across")) {
        *unit = UNIT_WEEKDAY;
        return weekday + 1;
    }
    if (IN(i, "by per each every which what") || (IS(i, "a") && i > 0)) {
        size_t at = i + 1 + IN(i + 1, "calendar fiscal financial single the");
        *unit = unit_of_word(r->text, at, &plural);
        if (*unit == UNIT_NONE || IS(i, "a") || (IS(at, "day") && IS(at + 1, "of")) ||
            (IS(at, "year") && IN(at + 1, "to")))
            return 0;
        if (IN(i, "which what") && plural && IN(at + 1, "of"))
            return 0;
        return at + 1 - i;
    }
    if (IN(i, "and ,")) { /* "by product and month" */
        *unit = unit_of_word(r->text, i + 1, &plural);
        if (*unit == UNIT_NONE || plural || IN(i + 2, "to over on of"))
            return 0;
        for (size_t back = 1; back <= 4 && back <= i; back++)
            if (IN(i - back, "by per each"))
                return 2;
        return 0;
    }
    *unit = unit_of_word(r->text, i, &plural);
    if (*unit != UNIT_NONE && IN(i + 1, "by for after") &&
        unit_of_word(r->text, i + 2, NULL) == *unit)
        return 3;
    return 0;
}

static size_t read_group_word(const struct span_reader *r, size_t i, enum time_unit *unit)
{
    static const struct {
        const char *word;
        enum time_unit unit;
    } rows[] = {
        {"daily", UNIT_DAY},         {"weekly", UNIT_WEEK}, {"monthly", UNIT_MONTH},
        {"quarterly", UNIT_QUARTER}, {"yearly", UNIT_YEAR}, {"annually", UNIT_YEAR},
        {"annual", UNIT_YEAR},
    };
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (IS(i, rows[k].word)) {
            *unit = rows[k].unit;
            return 1;
        }
    bool plural = false;
    size_t at = i + 1 + IS(i + 1, "the");
    if (IN(i, "over across through") && at > i + 1) {
        *unit = unit_of_word(r->text, at, &plural);
        if (*unit != UNIT_NONE && plural)
            return at + 1 - i;
    }
    return 0;
}

static bool find_group(const struct span_reader *r, size_t i, struct period_list *out, size_t *used)
{
    enum time_unit unit = UNIT_NONE;
    *used = read_group_word(r, i, &unit);
    if (*used == 0)
        *used = read_group_unit(r, i, &unit);
    bool open = false;
    if (*used == 0 && (IS(i, "over") || IS(i, "through")) && IS(i + 1, "time")) {
        *used = 2;
        open = true;
    } else if (*used == 0 &&
               IN(i, "trend trends trending timeline developed develop development evolved evolve "
                  "evolution")) {
        *used = 1;
        open = true;
    } else if (*used == 0 && IS(i, "time") && IS(i + 1, "series")) {
        *used = 2;
        open = true;
    }
    if (*used == 0)
        return false;
    if (open && out->trend_end == 0) {
        out->trend_begin = r->text->words[i].begin;
        out->trend_end = r->text->words[i + *used - 1].end;
    }
    if (out->group_by == UNIT_NONE && (!out->group_unspecified || !open)) {
        out->group_by = unit;
        out->group_unspecified = open;
        out->group_begin = r->text->words[i].begin;
        out->group_end = r->text->words[i + *used - 1].end;
    }
    return true;
}

/* ---- the whole */

static void note_talk(struct finder *f)
{
    const struct span_reader *r = &f->reader;
    for (size_t i = 0; i < r->text->count; i++) {
        if (IN(i, "compare compared comparison comparing"))
            f->compares = true;
        if (IN(i, "growth grow grew grown increase increased decrease decreased decline declined "
                  "change changed changes drop dropped rise rose fell gained difference differ"))
            f->changes = true;
        if (IN(i, "growth grow grew grown growing increase increased decrease decreased decline "
                  "declined change changed changes drop dropped fall fell rise rose up down gain "
                  "gained lost lose difference differ"))
            f->talks_change = true;
    }
}

/* "each of the last 3 months" groups by month as well. */
static void group_of_counted(const struct span_reader *r, const struct found *found,
                             struct period_list *out)
{
    size_t i = found->first;
    i -= i > 0 && IS(i - 1, "the");
    if (out->group_by == UNIT_NONE && found->span.counted && i > 1 && IS(i - 1, "of") &&
        IN(i - 2, "each every"))
        out->group_by = found->span.unit;
}

static void scan(struct finder *f, struct period_list *out)
{
    const struct span_reader *r = &f->reader;
    for (size_t i = 0; i < r->text->count;) {
        struct found found = {.first = i};
        size_t used = f->count < PERIODS_MAX ? read_comparison(f, i, &found) : 0;
        if (used == 0 && f->count < PERIODS_MAX) {
            found = (struct found){.first = i};
            used = read_any(r, i, &found.span);
        }
        size_t grouped = 0;
        if (used == 0 && find_group(r, i, out, &grouped)) {
            i += grouped;
            continue;
        }
        if (used > 0) {
            found.last = i + used;
            group_of_counted(r, &found, out);
            f->found[f->count++] = found;
        }
        i += used > 0 ? used : 1;
    }
}

/* "in March and April 2024", "Q1 2024 vs Q2": a year said once holds for its neighbour. */
static void spread_years(struct finder *f)
{
    for (size_t k = f->count; k-- > 1;) {
        struct span *a = &f->found[k - 1].span, *b = &f->found[k].span;
        if (!a->year_given && b->year_given && b->named == a->named)
            share_year(a, b);
    }
    for (size_t k = 1; k < f->count; k++) {
        struct span *a = &f->found[k - 1].span, *b = &f->found[k].span;
        if (a->year_given && !b->year_given && b->named == a->named)
            follow_year(a, b);
    }
}

static const char *date_text(struct arena *arena, int64_t days)
{
    char text[DATE_SIZE];
    date_print(date_from_days(days), text);
    return arena_strdup(arena, text);
}

static const char *assumption_of(const struct found *found, const struct period *period,
                                 struct arena *arena)
{
    const struct span *span = &found->span;
    bool yearless = span->named != UNIT_NONE && !span->year_given;
    if (!yearless && !span->assumption)
        return NULL;
    const char *name = NULL;
    if (span->named != UNIT_WEEK)
        name = period_name(period->from, period->to, arena);
    if (!name)
        name = period_bounds(period->from, period->to, arena);
    return arena_printf(arena, "\"%s\" was read as %s%s%s%s", period->words, name,
                        span->assumption ? " (" : "", span->assumption ? span->assumption : "",
                        span->assumption ? ")" : "");
}

static void period_fill(const struct finder *f, const struct found *found, struct str question,
                        struct arena *arena, struct period *out)
{
    const struct span *span = &found->span;
    const struct period_text *text = f->reader.text;
    *out = (struct period){
        .begin = text->words[found->first].begin,
        .end = text->words[found->last - 1].end,
        .unit = span->unit,
        .comparison = found->comparison,
        .ambiguous = span->ambiguous,
    };
    out->words = arena_strndup(arena, question.bytes + out->begin, out->end - out->begin);
    if (span->to > span->from || span->from_open || span->to_open) {
        out->from = span->from_open ? NULL : date_text(arena, span->from);
        out->to = span->to_open ? NULL : date_text(arena, span->to);
        out->assumption = assumption_of(found, out, arena);
    }
}

/* Comparisons that lean on the main period: the first that is none itself. */
static void relate(const struct finder *f, struct period_list *list, struct arena *arena)
{
    const struct period *main = NULL;
    for (size_t i = 0; i < list->count && !main; i++)
        if (!list->items[i].comparison)
            main = &list->items[i];
    for (size_t i = 0; i < list->count; i++) {
        struct period *period = &list->items[i], other;
        enum relation relation = f->found[i].relation;
        if (!main || relation == RELATION_NONE)
            continue;
        if (relation == RELATION_YEAR_BEFORE ? period_year_before(main, arena, &other)
                                             : period_previous(main, arena, &other)) {
            period->from = other.from;
            period->to = other.to;
            period->assumption = NULL;
        }
    }
}

static int in_range(int value, int low, int high, int otherwise)
{
    return value >= low && value <= high ? value : otherwise;
}

void period_find(struct str question, const struct period_calendar *calendar, struct arena *arena,
                 struct period_list *out)
{
    *out = (struct period_list){0};
    struct date today;
    if (!date_parse(str_from(calendar->today), &today) || today.year < 1100 || today.year > 8900)
        return;
    struct period_text *text = arena_alloc(arena, sizeof(*text));
    struct finder *f = arena_alloc(arena, sizeof(*f));
    period_words_read(question, arena, text);
    f->reader = (struct span_reader){
        .text = text,
        .found = arena_array(arena, text->count + 1, sizeof(struct span_found)),
        .today = date_to_days(today),
        .week_start = in_range(calendar->week_start, 1, 7, 1),
        .fiscal_start = in_range(calendar->fiscal_year_start, 1, 12, 1),
    };
    note_talk(f);
    scan(f, out);
    spread_years(f);
    out->items = arena_array(arena, f->count, sizeof(*out->items));
    out->count = f->count;
    for (size_t i = 0; i < f->count; i++)
        period_fill(f, &f->found[i], question, arena, &out->items[i]);
    relate(f, out, arena);
}

/* Whole months move by months, everything else by its number of days. */
static bool period_move(const struct period *period, bool year, struct arena *arena,
                        struct period *out)
{
    struct date a, b;
    if (!date_of(period->from, &a) || !date_of(period->to, &b))
        return false;
    int64_t from = date_to_days(a), to = date_to_days(b);
    int months = (b.year - a.year) * 12 + b.month - a.month;
    *out = *period;
    out->assumption = NULL;
    if (a.year <= 1 || months > 12 * 1000)
        return false;
    if (year) {
        out->from = date_text(arena, span_shift(from, UNIT_YEAR, -1));
        out->to = date_text(arena, span_shift(to, UNIT_YEAR, -1));
    } else if (a.day == b.day && months > 0 && a.day <= 28) {
        out->from = date_text(arena, span_shift(from, UNIT_MONTH, -months));
        out->to = period->from;
    } else {
        if (from - (to - from) < 0 && a.year < 2)
            return false;
        out->from = date_text(arena, from - (to - from));
        out->to = period->from;
    }
    return true;
}

bool period_previous(const struct period *period, struct arena *arena, struct period *out)
{
    return period_move(period, false, arena, out);
}

bool period_year_before(const struct period *period, struct arena *arena, struct period *out)
{
    return period_move(period, true, arena, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a prompt that is the question's own: examples, the conversation, periods worked out in code,
 * words that are found in the data, and the question. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "llm/model_priv.h"

#define QUESTION_PART_MAX (256 * 1024)
#define TURNS_MAX 5
#define TURN_ANSWER_MAX 300 /* bytes of an earlier answer */
#define TURN_QUESTION_MAX 2000
#define LINKS_SHOWN_MAX 24
#define VALUE_MAX 120
#define WORDS_MAX 120

/* ------------------------------------------------------------------ what may be told */

static bool is_in_word(char c)
{
    return char_is_alnum(c) || c == '_' || (c & 0x80);
}

/* Without upper and lower case, whatever the script; empty when it is no UTF-8. */
static struct str fold(struct str text, struct arena *arena)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.length, &folded,
                     UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    struct str copy = length > 0 ? arena_str(arena, (struct str){(char *)folded, (size_t)length}) : STR("");
    free(folded);
    return copy;
}

/* Whole words of it: "ada" is not in "Canada". */
static bool has_words(struct str where, struct str what, struct arena *arena)
{
    if (what.length == 0)
        return true;
    where = fold(where, arena);
    what = fold(what, arena);
    for (size_t i = 0; what.length > 0 && i + what.length <= where.length; i++) {
        size_t end = i + what.length;
        bool begins = i == 0 || !is_in_word(where.bytes[i - 1]) || !is_in_word(what.bytes[0]);
        bool ends = end == where.length || !is_in_word(where.bytes[end]) ||
                    !is_in_word(what.bytes[what.length - 1]);
        if (begins && ends && str_equal(str_slice(where, i, end), what))
            return true;
    }
    return false;
}

static bool is_asked(const struct decision *decision, struct str text)
{
    const struct llm_request *request = decision->request;
    if (has_words(request->plan.question, text, decision->arena))
        return true;
    for (size_t i = 0; i < request->history_count; i++)
        if (has_words(str_from(request->history[i].question), text, decision->arena))
            return true;
    return false;
}

static bool is_name(const struct decision *decision, struct str text)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        const struct dataset *dataset = decision->tables[t];
        if (str_equal_nocase(text, str_from(dataset->table_name)))
            return true;
        for (size_t c = 0; c < dataset->column_count; c++)
            if (!model_is_hidden(dataset, &dataset->columns[c]) &&
                str_equal_nocase(text, str_from(dataset->columns[c].name)))
                return true;
        for (size_t m = 0; m < dataset->metric_count; m++)
            if (str_equal_nocase(text, str_from(dataset->metrics[m].name)))
                return true;
        for (size_t f = 0; f < dataset->filter_count; f++)
            if (str_equal_nocase(text, str_from(dataset->filters[f].name)))
                return true;
    }
    return false;
}

/* Where digits that are no part of a name end; `at` when none begin there. */
static size_t digits_end(struct str text, size_t at)
{
    if (at > 0 && (char_is_alnum(text.bytes[at - 1]) || text.bytes[at - 1] == '_'))
        return at;
    while (at < text.length && (char_is_digit(text.bytes[at]) || text.bytes[at] == '.'))
        at++;
    return at;
}

/* 0 and 1 tell nothing; an asker's own number is no secret; another may be that of a cell. */
static bool may_tell_number(const struct decision *decision, struct str digits, bool engines)
{
    return !engines && (str_equal_text(digits, "0") || str_equal_text(digits, "1") ||
                        is_asked(decision, digits));
}

struct str model_without_values(const struct decision *decision, struct str text, bool engines)
{
    struct strbuf out = strbuf_init(QUESTION_PART_MAX);
    size_t at = 0;
    while (at < text.length) {
        char quote = text.bytes[at];
        size_t end = at + 1;
        bool opens = at == 0 || !char_is_alnum(text.bytes[at - 1]); /* else an apostrophe */
        if (opens && (quote == '\'' || quote == '"'))
            while (end < text.length && text.bytes[end] != quote)
                end++;
        struct str inside = str_slice(text, at + 1, end);
        bool known = is_name(decision, inside) || (!engines && is_asked(decision, inside));
        if (char_is_digit(quote) && digits_end(text, at) > at) {
            struct str digits = str_slice(text, at, digits_end(text, at));
            strbuf_add_str(&out, may_tell_number(decision, digits, engines) ? digits : STR("..."));
            at += digits.length;
            continue;
        }
        if (end < text.length && end > at + 1 && !known)
            strbuf_printf(&out, "%c...%c", quote, quote);
        else if (end > at + 1)
            strbuf_add_str(&out, str_slice(text, at, end + 1));
        else
            strbuf_add_char(&out, quote);
        at = end > at + 1 ? end + 1 : at + 1;
    }
    struct str copy = arena_str(decision->arena, strbuf_str(&out));
    strbuf_clear(&out);
    return copy;
}

/* With the values in it only where they may be seen. */
static struct str sql_to_tell(const struct decision *decision, const char *sql)
{
    bool hides = decision->request->sees != LLM_SEES_ROWS || decision->request->masks;
    return hides ? model_without_values(decision, str_from(sql), false) : str_from(sql);
}

/* ------------------------------------------------------------------ parts */

static void add_examples(struct strbuf *out, const struct decision *decision)
{
    for (size_t i = 0; i < decision->request->example_count; i++) {
        const struct llm_example *example = &decision->request->examples[i];
        struct str sql = sql_to_tell(decision, example->sql);
        if (!str_equal_text(sql, example->sql)) /* its question has the same value in other words */
            continue;
        strbuf_add(out, out->length > 0 ? "\n" : "");
        strbuf_add(out, "Question: ");
        model_add_line(out, example->question, TURN_QUESTION_MAX);
        strbuf_add(out, "\nSQL: ");
        strbuf_add_str(out, sql);
    }
}

static void add_conversation(struct strbuf *out, const struct decision *decision)
{
    const struct llm_request *request = decision->request;
    size_t first = request->history_count > TURNS_MAX ? request->history_count - TURNS_MAX : 0;
    for (size_t i = first; i < request->history_count; i++) {
        const struct llm_turn *turn = &request->history[i];
        strbuf_add(out, out->length > 0 ? "\n" : "");
        strbuf_add(out, "Question: ");
        model_add_line(out, turn->question, TURN_QUESTION_MAX);
        if (turn->sql) {
            strbuf_add(out, "\nSQL: ");
            strbuf_add_str(out, sql_to_tell(decision, turn->sql));
        }
        /* A small model takes its numbers into the SQL, in place of how they are worked out. */
        if (turn->answer && request->sees == LLM_SEES_ROWS && !decision->brief) {
            strbuf_add(out, "\nAnswer: ");
            model_add_line(out, turn->answer, TURN_ANSWER_MAX);
        }
    }
}

void model_add_periods(struct strbuf *out, const struct period *periods, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct period *period = &periods[i];
        strbuf_add(out, out->length > 0 ? "\n- \"" : "- \"");
        model_add_line(out, period->words, WORDS_MAX);
        strbuf_add_char(out, '"');
        if (period->from)
            strbuf_printf(out, ": from '%s'", period->from);
        if (period->to)
            strbuf_printf(out, "%s before '%s'", period->from ? "," : ":", period->to);
        if (period->comparison)
            strbuf_add(out, ", to compare with");
    }
}

#define SPELLING_MAX 2 /* bytes by which a value may be longer than the words: "professors", 'Professor' */

/* Do the words spell the value? In place of one that they are a part of, a small model asks for the whole. */
static bool is_spelled(const struct plan_link *link)
{
    return link->value && strlen(link->value) <= strlen(link->words) + SPELLING_MAX;
}

static bool may_be_told(const struct decision *decision, const struct plan_link *link)
{
    return model_find_table(decision, str_from(link->dataset->id)) &&
           !model_is_hidden(link->dataset, link->column) &&
           (!decision->brief || is_spelled(link)) &&
           (!link->value ||
            model_shows_values(decision->request->sees, link->dataset, link->column));
}

/* The value that a link ends at. The words may be a part of it: the rest nobody has said. */
static const char *value_to_tell(const struct decision *decision, const struct plan_link *link)
{
    bool all = decision->request->sees == LLM_SEES_ROWS;
    return link->value && (all || is_asked(decision, str_from(link->value))) ? link->value : NULL;
}

/* Is it told on the line of the one before? The same of other words; and to a small model, which asks for all that
 * it reads at once, the same value of other columns. */
static bool is_told_with(const struct decision *decision, const struct plan_link *link,
                         const struct plan_link *before)
{
    bool same_place = link->dataset == before->dataset && link->column == before->column;
    bool same_value = link->value && before->value && strcmp(link->value, before->value) == 0;
    /* Of which neither may be told. */
    bool same_words = link->value && before->value && same_place && strcmp(link->words, before->words) == 0 &&
                      !value_to_tell(decision, link) && !value_to_tell(decision, before);
    return ((same_value && (decision->brief || same_place)) || same_words) && may_be_told(decision, before);
}

static void add_place(struct strbuf *out, const struct plan_link *link)
{
    model_add_name(out, link->dataset->table_name);
    strbuf_add_char(out, '.');
    model_add_name(out, link->column->name);
}

static void add_link(struct strbuf *out, const struct decision *decision, size_t at)
{
    const struct plan_link *links = decision->links, *link = &links[at];
    const char *value = value_to_tell(decision, link);
    strbuf_add(out, out->length > 0 ? "\n- \"" : "- \"");
    model_add_line(out, link->words, WORDS_MAX);
    strbuf_add(out, value ? "\" is stored in " : "\" may be ");
    add_place(out, link);
    for (size_t i = at + 1; i < decision->link_count && decision->brief; i++) {
        bool known = !may_be_told(decision, &links[i]) || !is_told_with(decision, &links[i], link);
        for (size_t j = at; j < i && !known; j++)
            known = links[j].column == links[i].column;
        if (known)
            continue;
        strbuf_add(out, " or ");
        add_place(out, &links[i]);
    }
    if (value) {
        strbuf_add(out, " as ");
        model_add_value(out, value, VALUE_MAX);
    }
}

static void add_links(struct strbuf *out, const struct decision *decision)
{
    size_t shown = 0;
    for (size_t i = 0; i < decision->link_count && shown < LINKS_SHOWN_MAX; i++) {
        bool told = !may_be_told(decision, &decision->links[i]);
        for (size_t j = 0; j < i && !told; j++)
            told = is_told_with(decision, &decision->links[i], &decision->links[j]);
        if (told)
            continue;
        add_link(out, decision, i);
        shown++;
    }
}

struct str model_question(const struct decision *decision)
{
    const struct plan_request *plan = &decision->request->plan;
    struct strbuf examples = strbuf_init(QUESTION_PART_MAX), talk = strbuf_init(QUESTION_PART_MAX);
    struct strbuf periods = strbuf_init(QUESTION_PART_MAX), links = strbuf_init(QUESTION_PART_MAX);
    unsigned without = decision->request->without;
    if (!(without & LLM_PART_EXAMPLES))
        add_examples(&examples, decision);
    add_conversation(&talk, decision);
    model_add_periods(&periods, decision->periods.items, decision->periods.count);
    if (!(without & LLM_PART_VALUES))
        add_links(&links, decision);
    bool says_today = !decision->brief || periods.length > 0;
    const struct prompt_value values[] = {
        {"examples", strbuf_str(&examples)}, {"conversation", strbuf_str(&talk)},
        {"today", says_today ? str_from(plan->calendar.today) : STR("")}, {"periods", strbuf_str(&periods)},
        {"links", strbuf_str(&links)}, {"question", str_trim(plan->question)},
    };
    struct str text = prompt_render(PROMPT_DECIDE_QUESTION, values, 6, decision->arena);
    strbuf_clear(&examples);
    strbuf_clear(&talk);
    strbuf_clear(&periods);
    strbuf_clear(&links);
    return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer_gate.h"

#include <string.h>

#define TEXT_SIZE_MAX (ANSWER_PROSE_MAX + 64 * 1024)
#define WORDS_BEHIND 3 /* that say what a number is: "5 percent of", "5 out of 10" */

void answer_gate_open(struct answer_gate *gate, const struct rows *rows)
{
    gate->text = strbuf_init(TEXT_SIZE_MAX);
    gate->told = gate->checked = 0;
    gate->wrong = 0;
    gate->first_wrong = NULL;
    gate->full = false;
    prose_filter_init(&gate->filter, rows, &gate->text);
}

static void tell_up_to(struct answer_gate *gate, size_t end)
{
    if (end <= gate->told)
        return;
    struct str text = strbuf_str(&gate->text);
    gate->tell(gate->context, str_slice(text, gate->told, end), false);
    gate->told = end;
}

/* ------------------------------------------------------------------ sentences */

static bool ends_at(struct str text, size_t at)
{
    if (text.bytes[at] == '\n')
        return true;
    return strchr(".!?", text.bytes[at]) && at + 1 < text.length && char_is_space(text.bytes[at + 1]);
}

static size_t sentence_begin(struct str text, size_t at)
{
    while (at > 0 && !ends_at(text, at - 1))
        at--;
    while (at < text.length && char_is_space(text.bytes[at]))
        at++;
    return at;
}

/* Where the next one begins; 0: it goes on. */
static size_t sentence_end(struct str text, size_t at, bool final)
{
    while (at < text.length && !ends_at(text, at))
        at++;
    if (at == text.length)
        return final ? text.length : 0;
    for (at++; at < text.length && char_is_space(text.bytes[at]);)
        at++;
    return at;
}

/* ------------------------------------------------------------------ what has to wait */

/* "one in every five", "one hundred and five" */
static bool links_numbers(struct str word)
{
    static const char *const words[] = {"in", "out", "of", "every", "and", "point", "a", "i", "o"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(word, str_from(words[i])))
            return true;
    return false;
}

/* Words at the end that may yet be, or belong to, a number. */
static size_t settled_end(struct str text)
{
    size_t end = text.length, at = end;
    bool unfinished = true; /* the last word */
    for (;;) {
        size_t begin = at;
        while (begin > 0 && char_is_alpha(text.bytes[begin - 1]))
            begin--;
        struct str word = str_slice(text, begin, at);
        if (word.length > 0 && (claim_is_word(word) || (unfinished && claim_may_begin(word))))
            end = begin;
        else if (word.length > 0 && !links_numbers(word))
            return end;
        unfinished = false;
        if (begin == 0 || !(text.bytes[begin - 1] == ' ' || text.bytes[begin - 1] == '-'))
            return end;
        at = begin - 1;
    }
}

static bool has_words_behind(struct str text, size_t at)
{
    unsigned words = 0;
    for (; at < text.length && words < WORDS_BEHIND; at++)
        words += char_is_space(text.bytes[at]) && at > 0 && !char_is_space(text.bytes[at - 1]);
    return words == WORDS_BEHIND;
}

/* Whether a share or a change fits depends on the words that may still come: "down". */
static bool has_percent(const struct claim *claim)
{
    for (size_t i = 0; i < claim->reading_count; i++)
        if (claim->readings[i].kind == CLAIM_PERCENT)
            return true;
    return claim->negative;
}

/* ------------------------------------------------------------------ wrong sentences */

static void note_wrong(struct answer_gate *gate, const struct claim *claim)
{
    struct str words = str_slice(strbuf_str(&gate->text), claim->begin, claim->end);
    if (gate->wrong++ > 0)
        return;
    words = str_cut_utf8(words, sizeof(gate->wrong_text) - 1);
    memcpy(gate->wrong_text, words.bytes, words.length);
    gate->wrong_text[words.length] = '\0';
    gate->first_wrong = gate->wrong_text;
}

/* Takes the sentence out; in place of the first comes the correction. */
static void put_right(struct answer_gate *gate, const struct claim *claim, size_t end)
{
    struct str text = strbuf_str(&gate->text);
    size_t begin = sentence_begin(text, claim->begin);
    bool first = gate->wrong == 0 && gate->correction;
    note_wrong(gate, claim);
    struct strbuf mended = strbuf_init(TEXT_SIZE_MAX);
    strbuf_add_str(&mended, str_slice(text, 0, begin));
    if (first) {
        strbuf_add(&mended, gate->correction);
        strbuf_add_char(&mended, ' ');
    }
    size_t checked = mended.length;
    strbuf_add_str(&mended, str_slice(text, end, text.length));
    bool seen = gate->told > begin;
    strbuf_clear(&gate->text);
    gate->text = mended;
    gate->checked = checked;
    if (!seen)
        return;
    gate->told = checked;
    gate->tell(gate->context, str_slice(strbuf_str(&gate->text), 0, checked), true);
}

/* ------------------------------------------------------------------ the gate */

static void advance(struct answer_gate *gate, bool final)
{
    for (;;) {
        struct str text = strbuf_str(&gate->text);
        size_t limit = final ? text.length : settled_end(text), end;
        struct claim claim;
        if (!claim_next(text, gate->checked, &claim) || claim.begin >= limit) {
            tell_up_to(gate, limit);
            gate->checked = limit > gate->checked ? limit : gate->checked;
            return;
        }
        tell_up_to(gate, claim.begin);
        size_t next = sentence_end(text, claim.end, final);
        if (next == 0 && (has_percent(&claim) || !has_words_behind(text, claim.end)))
            return;
        if (evidence_holds(gate->evidence, text, &claim, &end))
            gate->checked = end > gate->checked ? end : claim.end;
        else if (next > 0)
            put_right(gate, &claim, next);
        else
            return;
    }
}

bool answer_gate_add(struct answer_gate *gate, struct str piece)
{
    if (gate->full)
        return false;
    prose_filter_add(&gate->filter, piece);
    gate->full = gate->text.length > ANSWER_PROSE_MAX || !strbuf_ok(&gate->text);
    advance(gate, false);
    return !gate->full;
}

/* A sentence that was cut says what nobody meant. */
static void drop_cut_sentence(struct answer_gate *gate)
{
    struct str text = str_trim(strbuf_str(&gate->text));
    if (text.length == 0 || strchr(".!?", text.bytes[text.length - 1]))
        return;
    text = strbuf_str(&gate->text);
    size_t begin = sentence_begin(text, text.length);
    if (begin < gate->checked)
        gate->checked = begin;
    strbuf_truncate(&gate->text, begin);
    if (gate->told <= begin)
        return;
    gate->told = begin;
    gate->tell(gate->context, strbuf_str(&gate->text), true);
}

void answer_gate_end(struct answer_gate *gate, bool whole)
{
    prose_filter_end(&gate->filter);
    if (!whole || gate->full)
        drop_cut_sentence(gate);
    advance(gate, true);
}

struct str answer_gate_text(const struct answer_gate *gate)
{
    return str_trim(str_slice(strbuf_str(&gate->text), 0, gate->told));
}

void answer_gate_close(struct answer_gate *gate)
{
    strbuf_clear(&gate->text);
}

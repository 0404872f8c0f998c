/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/wording.h"

#include <string.h>

#include "agent/answer_delta.h"
#include "agent/answer_facts.h"
#include "agent/answer_gate.h"
#include "agent/privacy.h"
#include "core/metrics.h"

#define DELTAS_AT_ONCE 200 /* told word by word; then in pieces */
#define DELTA_SIZE_MIN 32
#define WRONG_MAX 2            /* sentences; with more the template takes over */
#define SENTENCE_LENGTH_MAX 1000 /* of what a model says in place of a statement */
#define DELTA_TEXT_MAX (64 * 1024)

TASK_WAITS bool wording_wanted(struct run *run)
{
    const struct llm_proposal *proposal = &run->proposal;
    const struct rows *rows = run->statement ? run->statement->rows : NULL;
    return proposal->outcome == LLM_QUERY && !proposal->passing && rows && rows->row_count > 0 && !run->verified &&
           !proposal->query && !run->question.rows_suffice && llm_writes_answers(run->agent->llm) && privacy_may_show_rows(run);
}

/* ------------------------------------------------------------------ telling */

struct writing {
    struct run *run;
    struct answer_gate gate;
    struct strbuf waiting; /* to be told with what comes next */
    unsigned deltas;
};

static void tell(struct writing *writing, struct str text, bool replaces)
{
    struct run *run = writing->run;
    /* Who led before, and was stopped, has told another answer. */
    replaces |= writing->deltas == 0 && run->has_deltas;
    run->has_deltas = true;
    writing->deltas++;
    run_emit(run, EVENT_ANSWER_DELTA, NULL, answer_delta_json(text, replaces, run->arena));
}

static void flush(struct writing *writing)
{
    if (writing->waiting.length > 0)
        tell(writing, strbuf_str(&writing->waiting), false);
    strbuf_reset(&writing->waiting);
}

static void on_told(void *context, struct str text, bool replaces)
{
    struct writing *writing = context;
    if (replaces) {
        strbuf_reset(&writing->waiting);
        tell(writing, text, true);
        return;
    }
    strbuf_add_str(&writing->waiting, text);
    if (writing->deltas < DELTAS_AT_ONCE || writing->waiting.length >= DELTA_SIZE_MIN)
        flush(writing);
}

TASK_WAITS static bool on_text(void *context, struct str piece, struct error *err)
{
    struct writing *writing = context;
    return answer_gate_add(&writing->gate, piece) ||
           error_set(err, ERROR_TOO_LARGE, "the answer is longer than %d bytes", ANSWER_PROSE_MAX);
}

/* ------------------------------------------------------------------ what holds numbers */

static const char **names_of(const struct run *run, const struct rows *rows, size_t *count)
{
    const struct dataset *dataset = run->proposal.dataset;
    const char **names = arena_array(run->arena, rows->column_count + 1, sizeof(*names));
    *count = 0;
    for (size_t i = 0; i < rows->column_count; i++)
        names[(*count)++] = rows->columns[i].name;
    if (dataset)
        names[(*count)++] = dataset_title(dataset);
    return names;
}

static struct evidence *evidence_of(struct run *run, const struct answer_parts *parts)
{
    struct evidence_input *input = arena_alloc(run->arena, sizeof(*input));
    *input = (struct evidence_input){
        .rows = &parts->shown,
        .facts = parts->facts,
        .fact_count = parts->fact_count,
        .question = run->question.text,
        .sql = run->statement->sql,
        .periods = run->proposal.periods,
        .period_count = run->proposal.period_count,
    };
    input->names = names_of(run, &parts->shown, &input->name_count);
    return evidence_new(input, run->arena);
}

/* ------------------------------------------------------------------ the answer */

/* What is left says too little, or was too often wrong. */
static bool is_poor(const struct writing *writing)
{
    return writing->gate.wrong > WRONG_MAX || answer_gate_text(&writing->gate).length == 0;
}

static const char *with_remarks(struct run *run, struct str prose, const char *remarks)
{
    return arena_printf(run->arena, "%.*s%s", STR_ARGS(prose), remarks);
}

/* Tells the rest, so that all that was told is the answer. */
static void tell_end(struct writing *writing, const char *prose, bool replaces)
{
    flush(writing);
    if (replaces) {
        if (writing->run->has_deltas)
            tell(writing, str_from(prose), true);
        return;
    }
    size_t told = strbuf_str(&writing->gate.text).length;
    struct str text = answer_gate_text(&writing->gate);
    if (told != text.length) /* blanks around it were told too */
        tell(writing, str_from(prose), true);
    else if (strlen(prose) > text.length)
        tell(writing, str_from(prose + text.length), false);
}

static void end_writing(struct writing *writing, const struct answer_parts *parts, const char *whole,
                        struct wording *out)
{
    struct answer_gate *gate = &writing->gate;
    if (!out->failure)
        answer_gate_end(gate, true);
    if (!out->failure && is_poor(writing))
        out->failure = "too many of its numbers are not in the result";
    out->wrong = gate->wrong;
    metrics_add(METRIC_ANSWERS_MENDED, 0, 0, out->wrong);
    if (!out->failure)
        out->prose = with_remarks(writing->run, answer_gate_text(gate), parts->remarks);
    tell_end(writing, out->failure ? whole : out->prose, out->failure != NULL);
}

TASK_WAITS bool wording_write(struct run *run, const struct answer_parts *parts, const char *whole,
                                   struct wording *out, struct error *err)
{
    struct writing writing = {.run = run, .waiting = strbuf_init(DELTA_TEXT_MAX)};
    struct chat_usage usage = {0};
    struct error failure = {0};
    *out = (struct wording){0};
    writing.gate.evidence = evidence_of(run, parts);
    writing.gate.correction = parts->main;
    writing.gate.tell = on_told;
    writing.gate.context = &writing;
    answer_gate_open(&writing.gate, &parts->shown);
    struct llm_answer_request request = {
        .request = &run->request,
        .usage = &usage,
        .proposal = &run->proposal,
        .rows = &parts->shown,
        .facts = parts->fact_lines,
        .on_text = on_text,
        .context = &writing,
    };
    bool ok = llm_write_answer(run->agent->llm, &request, &failure);
    chat_usage_add(&run->request.usage, &usage);
    if (!ok && !writing.gate.full) {
        out->failure = arena_strdup(run->arena, failure.message);
        out->broke = true;
    }
    bool goes_on = task_check(err);
    if (goes_on)
        end_writing(&writing, parts, whole, out);
    answer_gate_close(&writing.gate);
    strbuf_clear(&writing.waiting);
    return goes_on;
}

/* ------------------------------------------------------------------ what it says of its statement */

static const char *clean(const struct run *run, const struct evidence *evidence, const char *text)
{
    const char *plain = text ? prose_filter_text(text, SENTENCE_LENGTH_MAX, run->arena) : NULL;
    if (!plain || plain[0] == '\0' || evidence_find_unheld(evidence, str_from(plain)).length > 0)
        return NULL;
    return plain;
}

static size_t clean_list(struct run *run, const struct evidence *evidence,
                         const char *const **items, size_t count)
{
    const char **kept = arena_array(run->arena, count, sizeof(*kept));
    size_t kept_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = clean(run, evidence, (*items)[i]);
        if (text)
            kept[kept_count++] = text;
    }
    *items = kept;
    return kept_count;
}

static bool has_words(const char *question, const char *words)
{
    return words && words[0] && strcasestr(question, words);
}

/* Periods are told as facts, so only those that the question names, once each. */
static void clean_periods(struct run *run)
{
    struct llm_proposal *proposal = &run->proposal;
    struct period *kept = arena_array(run->arena, proposal->period_count, sizeof(*kept));
    size_t count = 0;
    for (size_t i = 0; i < proposal->period_count; i++) {
        const struct period *period = &proposal->periods[i];
        bool fine = has_words(run->question.text, period->words);
        for (size_t j = 0; j < count && fine; j++)
            fine = strcasecmp(kept[j].words, period->words) != 0; /* what code has read comes first */
        if (fine)
            kept[count++] = *period;
    }
    proposal->periods = kept;
    proposal->period_count = count;
}

static const char *wording_plain(const struct run *run, const char *text)
{
    return text && llm_writes_answers(run->agent->llm)
               ? prose_filter_text(text, SENTENCE_LENGTH_MAX, run->arena)
               : text;
}

static const char *reason_or_none(const struct run *run, const char *plain)
{
    return plain                     ? plain
           : run->selection.dataset ? "the language model chose it"
                                    : "the language model found none for it";
}

const char *wording_reason(const struct run *run, const char *text)
{
    if (!text || !llm_writes_answers(run->agent->llm) || run->verified || run->selection.passing)
        return wording_plain(run, text);
    const struct dataset *dataset = run->selection.dataset;
    const char *texts[] = {run->question.text, dataset ? dataset->title : NULL};
    const struct evidence_input input = {.texts = texts, .text_count = 2};
    return reason_or_none(run, clean(run, evidence_new(&input, run->arena), text));
}

void wording_clean(struct run *run)
{
    struct llm_proposal *proposal = &run->proposal;
    if (!run_is_models(run))
        return;
    clean_periods(run);
    /* A question back has no statement, and may repeat what was asked. */
    const char *texts[] = {proposal->sql ? NULL : run->question.text};
    struct evidence_input *input = arena_alloc(run->arena, sizeof(*input));
    *input = (struct evidence_input){
        .question = run->question.text,
        .sql = proposal->sql,
        .periods = proposal->periods,
        .period_count = proposal->period_count,
        .texts = arena_memdup(run->arena, texts, sizeof(texts)),
        .text_count = 1,
    };
    const struct evidence *evidence = evidence_new(input, run->arena);
    if (proposal->reason)
        proposal->reason = reason_or_none(run, clean(run, evidence, proposal->reason));
    proposal->reading = clean(run, evidence, proposal->reading);
    proposal->sentence = clean(run, evidence, proposal->sentence);
    proposal->assumption_count =
        clean_list(run, evidence, &proposal->assumptions, proposal->assumption_count);
    proposal->option_count = clean_list(run, evidence, &proposal->options, proposal->option_count);
}

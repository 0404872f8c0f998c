/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Language models as drivers. One call decides dataset and statement together: llm_select() makes it, and
 * llm_generate() hands out its second half. What comes back is checked here as far as it can be without data;
 * statements then go the way of all others. A model that is down is stood in for by the planner, where the
 * planner is sure and the setting says so.
 */
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/settings.h"
#include "llm/model_priv.h"
#include "llm/models.h"
#include "sql/firewall.h"
#include "task/bound.h"

#define NOTHING_TO_SEND \
    "Nothing was sent, and nothing would be: the built-in planner is sure enough. Else this would be."
#define MENDINGS_MAX 4 /* by code, of one statement */
#define TIME_SHARE_PERCENT 80 /* of the time left that a call may take */

/* Guesses at the chance that a model's statement is right, by what can be seen of it. */
#define SURE_CLEAN 0.85
#define SURE_REPAIRED 0.7
#define SURE_TIME_MISSED 0.55 /* a period of the question is not in the statement */
#define SURE_VALUE_MISSING 0.5 /* it asks for a text that no row holds */

static void warn_of_model(const struct chat_model *chat)
{
    char today[DATE_SIZE];
    struct arena *arena = arena_new();
    date_print(date_from_days(clock_real_ms() / (24 * 3600 * 1000)), today);
    const char *warning = chat_model_warning(chat, chat_model_id(chat), today, arena);
    if (warning)
        log_warn("%s", warning);
    arena_free(arena);
}

static bool model_open(struct llm *llm, struct error *err)
{
    struct chat_model *chat = chat_open(llm->driver->name, err);
    llm->state = chat;
    if (chat)
        warn_of_model(chat);
    return chat != NULL;
}

static void model_close(struct llm *llm)
{
    chat_close(llm->state);
}

static const char *model_id(const struct llm *llm)
{
    return chat_model_id(llm->state);
}

static void last_state(const struct llm *llm, struct server_state *out)
{
    chat_last_state(llm->state, out);
}

static bool knows_model(const struct llm *llm, const char *id)
{
    const struct model_facts *facts = model_find(chat_provider(llm->state), id);
    return facts && !facts->embeds;
}

/* ------------------------------------------------------------------ calls */

/* The rest is for what comes after, the planner in the model's place perhaps. */
static struct task_bound begin_share(void)
{
    uint64_t left = task_time_left_ms(), share = left / 100 * TIME_SHARE_PERCENT;
    if (left == UINT64_MAX || left == 0)
        return (struct task_bound){0};
    return task_bound_begin(share > 0 ? share : 1);
}

TASK_WAITS bool model_call(struct llm *llm, struct chat_request *request, struct chat_usage *usage,
                           struct chat_reply *out, struct error *err)
{
    *out = (struct chat_reply){0};
    struct task_bound bound = begin_share();
    bool ok = chat_complete(llm->state, request, out, err);
    task_bound_end(&bound);
    chat_usage_add(usage, &out->usage);
    return ok;
}

/* ------------------------------------------------------------------ the prompt */

/* A small model gets the card's heading alone, which says whose SQL it is, unless that says more: some dialects are
 * narrow. */
static struct str dialect_card(const struct decision *decision)
{
    struct str card = prompt_dialect_card(decision->request->plan.dialect), rest = card, heading;
    str_split(&rest, '\n', &heading);
    return decision->brief && str_ends(heading, STR("'s:"))
               ? str_slice(heading, 0, heading.length - 1)
               : card;
}

static struct str system_text(const struct decision *decision)
{
    const struct prompt_value value = {"dialect", dialect_card(decision)};
    return prompt_render(decision->brief ? PROMPT_DECIDE_BRIEF : PROMPT_DECIDE_SYSTEM, &value, 1,
                         decision->arena);
}

static void add_message(struct decision *decision, enum chat_role role, struct str text)
{
    decision->messages[decision->message_count++] = (struct chat_message){role, text};
}

static bool needs_model(const struct decision *decision)
{
    return decision->meta.kind == PLAN_META_NONE && decision->request->plan.dataset_count > 0;
}

/* What is worked out of the question and the data, in two parts, and both: for a thread. */
static void read_meta(void *arg)
{
    struct decision *decision = arg;
    decision->meta = planner_read_meta(&decision->request->plan, decision->arena);
}

static void make_prompt(void *arg)
{
    struct decision *decision = arg;
    struct llm_request *request = decision->request;
    if (!(request->without & LLM_PART_PERIODS))
        period_find(request->plan.question, &request->plan.calendar, decision->arena,
                    &decision->periods);
    decision->link_count = planner_find_links(decision->llm->planner, &request->plan,
                                              decision->arena, &decision->links);
    model_choose_tables(decision);
    decision->system = system_text(decision);
    decision->context = model_context(decision);
    decision->question = model_question(decision);
    add_message(decision, CHAT_USER, decision->question);
}

static void prepare(void *arg)
{
    read_meta(arg);
    if (needs_model(arg))
        make_prompt(arg);
}

static struct chat_request chat_request_of(const struct decision *decision)
{
    return (struct chat_request){
        .arena = decision->arena,
        .model = decision->request->model,
        .temperature = decision->request->temperature,
        .system = decision->system,
        .context = decision->context,
        .messages = decision->messages,
        .message_count = decision->message_count,
        .schema = decision->brief ? model_brief_schema : model_reply_schema,
        .schema_name = "decision",
        .output_tokens_max = decision->brief ? MODEL_BRIEF_TOKENS_MAX : MODEL_OUTPUT_TOKENS_MAX,
    };
}

/* ------------------------------------------------------------------ the reply */

struct reading {
    struct decision *decision;
    struct str text;
    bool ok;
    struct error error;
};

/* For a thread: JSON nests, and the statement is taken apart. */
static void read_reply(void *arg)
{
    struct reading *reading = arg;
    struct decision *decision = reading->decision;
    decision->sql = NULL;
    reading->ok =
        model_read_reply(reading->text, decision->arena, &decision->reply, &reading->error);
    if (reading->ok && decision->reply.sql)
        reading->ok = model_complete_sql(decision, decision->reply.sql, &decision->sql,
                                         &reading->error);
    if (reading->ok && decision->sql)
        decision->sql = model_bound_periods(decision, decision->sql);
}

/* What the model is to mend, after its last reply. A small one writes what it reads: its reply is not shown, and
 * what is wrong is told with the question. */
static void ask_to_mend(struct decision *decision, struct str reply, const char *failure,
                        struct str values)
{
    struct str told = model_repair_text(decision, decision->reply.sql, failure, values);
    decision->repaired = true;
    if (decision->brief) {
        struct str question = decision->question;
        decision->message_count = 0;
        told = str_from(arena_printf(decision->arena, "%.*s\n\n%.*s", STR_ARGS(question),
                                     STR_ARGS(told)));
    } else if (reply.length > 0) {
        add_message(decision, CHAT_ASSISTANT, reply);
    }
    add_message(decision, CHAT_USER, told);
}

static bool may_mend(struct decision *decision)
{
    if (decision->request->repairs_left <= 0 ||
        decision->message_count + 3 > MODEL_MESSAGES_MAX)
        return false;
    decision->request->repairs_left--;
    return true;
}

static const char *declined_sentence(const struct decision *decision, struct str why)
{
    struct strbuf out = strbuf_init(2 * MODEL_SENTENCE_MAX);
    strbuf_add(&out, "The language model declined to answer this question");
    if (why.length > 0) {
        strbuf_add(&out, ": ");
        model_add_line(&out, arena_str(decision->arena, why).bytes, MODEL_SENTENCE_MAX);
    } else {
        strbuf_add_char(&out, '.');
    }
    const char *text = arena_strdup(decision->arena, strbuf_text(&out));
    strbuf_clear(&out);
    return text;
}

/* Calls until there is a reply of the right form; what is not goes back, a bounded number of times. The last
 * reply's text is the last message. */
TASK_WAITS static bool ask_model(struct decision *decision, struct error *err)
{
    for (;;) {
        struct chat_request request = chat_request_of(decision);
        request.place = &decision->place;
        struct chat_reply reply;
        bool ok = model_call(decision->llm, &request, &decision->request->usage, &reply, err);
        decision->cause = reply.cause;
        if (!ok)
            return false;
        decision->model = reply.model;
        if (reply.stop == CHAT_REFUSED) {
            decision->declined = declined_sentence(decision, reply.text);
            return true;
        }
        struct reading reading = {.decision = decision, .text = reply.text};
        decision->reply.sql = NULL; /* of an earlier reply */
        if (reply.stop == CHAT_CUT)
            error_set(&reading.error, ERROR_MODEL, "the reply is longer than %d tokens; be brief",
                      decision->brief ? MODEL_BRIEF_TOKENS_MAX : MODEL_OUTPUT_TOKENS_MAX);
        else if (!task_offload(read_reply, &reading, err))
            return false;
        if (reading.ok) {
            add_message(decision, CHAT_ASSISTANT, reply.text);
            return true;
        }
        log_info("reply of %s: %s", model_id(decision->llm), reading.error.message);
        if (!may_mend(decision)) {
            *err = reading.error;
            return false;
        }
        struct str shown = str_cut_utf8(reply.text, SQL_SIZE_MAX);
        ask_to_mend(decision, shown.length > 0 ? shown : STR("{}"), reading.error.message, STR(""));
    }
}

/* The table that the reply names, else one that its statement reads, else the likeliest. */
static const struct dataset *dataset_of(const struct decision *decision)
{
    const struct dataset *dataset = NULL;
    if (decision->reply.dataset)
        dataset = model_find_table(decision, str_from(decision->reply.dataset));
    for (size_t i = 0; i < decision->table_count && !dataset && decision->sql; i++)
        if (strcasestr(decision->sql, decision->tables[i]->table_name))
            dataset = decision->tables[i];
    return dataset ? dataset : decision->request->plan.datasets[0].dataset;
}

/* ------------------------------------------------------------------ the planner in its place */

static bool may_stand_in(const struct error *err)
{
    return settings_integer("QUERENT_MODEL_FALLBACK") == 1 &&
           (err->code == ERROR_MODEL || err->code == ERROR_DEADLINE) && task_check(NULL);
}

/* To whoever asked: nothing of what the provider said, nor of where it is. */
static const char *cause_words(const struct decision *decision)
{
    static const char *const words[CHAT_CAUSES] = {
        [CHAT_CAUSE_KEY] = "its key is refused",
        [CHAT_CAUSE_NO_KEY] = "it wants a key",
        [CHAT_CAUSE_RIGHT] = "its key may not use this model",
        [CHAT_CAUSE_MODEL] = "its server has no model of that name",
        [CHAT_CAUSE_MONEY] = "its account has no money left, or reached a limit",
        [CHAT_CAUSE_LONG] = "the question with what is known about the data is too long for it",
        [CHAT_CAUSE_BUSY] = "it asks for fewer calls",
        [CHAT_CAUSE_FAILING] = "it is overloaded or failing",
        [CHAT_CAUSE_AWAY] = "its server does not answer",
    };
    return decision->down.code == ERROR_DEADLINE ? "it took too long" : words[decision->cause];
}

/* So that nobody takes it for the model's answer. */
static void say_who_answered(const struct decision *decision, struct llm_proposal *out)
{
    const char *cause = cause_words(decision);
    out->notice = arena_printf(decision->arena,
                               "The language model could not be asked%s%s%s; the built-in planner has answered.",
                               cause ? " (" : "", cause ? cause : "", cause ? ")" : "");
    out->model = planner_version(decision->llm->planner);
    out->passing = true;
}

/* *err is why the model did not answer. False, with that, when the planner is not sure either. */
TASK_WAITS static bool stand_in(struct decision *decision, struct llm_proposal *out,
                                struct error *err)
{
    struct llm *llm = decision->llm;
    bool first = !decision->stand_in;
    if (first) {
        if (!may_stand_in(err))
            return false;
        decision->down = *err;
        decision->stand_in =
            arena_memdup(decision->arena, decision->request, sizeof(*decision->request));
        decision->stand_in->state = NULL;
    }
    error_clear(err);
    struct llm_selection selection;
    if (!llm_planner_driver.select(llm, decision->stand_in, &selection, err) ||
        !llm_planner_driver.generate(llm, decision->stand_in, out, err))
        return false;
    if (out->outcome != LLM_QUERY && out->outcome != LLM_DESCRIBE) {
        *err = decision->down;
        return false;
    }
    say_who_answered(decision, out);
    if (first)
        log_warn("the planner answers in place of %s: %s", model_id(llm), decision->down.message);
    return true;
}

/* ------------------------------------------------------------------ proposals */

static bool has_bound(const char *sql, const char *date)
{
    return strstr(sql, date) != NULL;
}

/* "<= '2023-12-31'" for a period that ends before '2024-01-01'. */
static bool has_last_day(const char *sql, const char *to)
{
    struct date date;
    char text[DATE_SIZE];
    if (strlen(to) != DATE_SIZE - 1 || !date_parse(str_from(to), &date))
        return false;
    date_print(date_from_days(date_to_days(date) - 1), text);
    return has_bound(sql, text);
}

/* Both its bounds: with one alone the rows are of another time. */
static bool uses_period(const char *sql, const struct period *period)
{
    return (period->from || period->to) && (!period->from || has_bound(sql, period->from)) &&
           (!period->to || has_bound(sql, period->to) || has_last_day(sql, period->to));
}

/* Those worked out in code and those that the model names, as far as the statement has their dates. */
static bool take_periods(const struct decision *decision, struct llm_proposal *out)
{
    const struct model_reply *reply = &decision->reply;
    size_t count = decision->periods.count + reply->period_count;
    struct period *periods = arena_array(decision->arena, count, sizeof(*periods));
    bool all = true;
    for (size_t i = 0; i < decision->periods.count; i++) {
        const struct period *period = &decision->periods.items[i];
        if (uses_period(decision->sql, period))
            periods[out->period_count++] = *period;
        else if (!period->ambiguous)
            all = false;
    }
    for (size_t i = 0; i < reply->period_count; i++)
        if (uses_period(decision->sql, &reply->periods[i]))
            periods[out->period_count++] = reply->periods[i];
    out->periods = periods;
    return all;
}

static void take_assumptions(const struct decision *decision, struct llm_proposal *out)
{
    const struct model_reply *reply = &decision->reply;
    const char **list = arena_array(decision->arena, reply->assumption_count + out->period_count,
                                    sizeof(*list));
    for (size_t i = 0; i < reply->assumption_count; i++)
        list[out->assumption_count++] = reply->assumptions[i];
    for (size_t i = 0; i < out->period_count; i++)
        if (out->periods[i].assumption)
            list[out->assumption_count++] = out->periods[i].assumption;
    out->assumptions = list;
}

static void propose_statement(const struct decision *decision, struct llm_proposal *out)
{
    out->outcome = LLM_QUERY;
    out->sql = decision->sql;
    bool all_times = take_periods(decision, out);
    take_assumptions(decision, out);
    out->sureness = model_missing_values(decision, decision->sql).length > 0 ? SURE_VALUE_MISSING
                    : !all_times                                             ? SURE_TIME_MISSED
                    : decision->repaired || decision->mended                 ? SURE_REPAIRED
                                                                             : SURE_CLEAN;
}

static void propose(const struct decision *decision, struct llm_proposal *out)
{
    const struct model_reply *reply = &decision->reply;
    if (decision->by_planner) {
        *out = *decision->plan;
        return;
    }
    *out = (struct llm_proposal){.model = decision->request->model};
    out->dataset = dataset_of(decision);
    out->reason = reply->reason ? reply->reason : "the language model chose it";
    if (decision->declined) {
        out->outcome = LLM_NO_ANSWER;
        out->sentence = decision->declined;
    } else if (decision->sql) {
        propose_statement(decision, out);
    } else if (reply->question_back) {
        out->outcome = LLM_ASK;
        out->sentence = reply->question_back;
    } else {
        out->outcome = LLM_NO_ANSWER;
        out->sentence = reply->no_answer;
    }
}

/* ------------------------------------------------------------------ --explain */

static void add_part(struct strbuf *out, const char *heading, struct str text)
{
    strbuf_printf(out, "\n\n--- %s\n", heading);
    strbuf_add_str(out, text);
}

/* Of the calls that were made as the provider has counted them; else by the length. */
static void add_tokens(struct strbuf *out, const struct decision *decision,
                       const struct chat_request *request)
{
    const struct chat_usage *usage = &decision->request->usage;
    int64_t told = usage->input + usage->cached + usage->cache_written;
    if (told > 0)
        strbuf_printf(out, ": %lld tokens in %u %s, counted by the provider", (long long)told,
                      usage->calls, plural(usage->calls, "call", "calls"));
    else
        strbuf_printf(out, ": %lld tokens, estimated",
                      (long long)chat_estimate_tokens(decision->llm->state, request));
}

/* What is sent, or would be, and how much it is. */
static const char *explain(const struct decision *decision)
{
    struct llm *llm = decision->llm;
    struct strbuf out = strbuf_init(PROMPT_SIZE_MAX);
    struct chat_request request = chat_request_of(decision);
    request.message_count = 1;
    strbuf_printf(&out, "%s to %s, model %s, prompts %s",
                  decision->answered ? "Sent" : "Would be sent", chat_provider(llm->state),
                  request.model ? request.model : model_id(llm), prompt_version());
    add_tokens(&out, decision, &request);
    add_part(&out, "instructions", request.system);
    add_part(&out, "data", request.context);
    for (size_t i = 0; i < decision->message_count; i++)
        add_part(&out, decision->messages[i].role == CHAT_USER ? "question" : "reply",
                 decision->messages[i].text);
    const char *text = arena_str(decision->arena, strbuf_str(&out)).bytes;
    strbuf_clear(&out);
    return text;
}

/* ------------------------------------------------------------------ the driver */

/*
 * A prompt takes some 20 KB: thousands of runs that wait for a place among the calls get it before theirs is
 * made. Who gets none fails as the call would have.
 */
TASK_WAITS static bool prepare_in_turn(struct decision *decision, struct error *err)
{
    if (!task_offload(read_meta, decision, err))
        return false;
    if (!needs_model(decision))
        return true;
    struct error failure = {0};
    struct task_bound bound = begin_share();
    bool has_place = chat_enter(decision->llm->state, &decision->place, &failure);
    task_bound_end(&bound);
    if (!task_check(err))
        return false;
    if (!has_place)
        decision->no_place = arena_memdup(decision->arena, &failure, sizeof(failure));
    return (!has_place && !decision->request->plan.explain) ||
           task_offload(make_prompt, decision, err);
}

/* With a place for the first call, where there will be one. */
TASK_WAITS static bool prepare_all(struct decision *decision, struct error *err)
{
    bool calls = !decision->request->dry && !decision->by_planner;
    bool waits = calls && !chat_try_enter(decision->llm->state, &decision->place);
    bool ok = waits ? prepare_in_turn(decision, err) : task_offload(prepare, decision, err);
    if (!ok || !needs_model(decision))
        upstream_give_back(&decision->place);
    return ok;
}

TASK_WAITS static struct decision *begin(struct llm *llm, struct llm_request *request, struct error *err)
{
    struct decision *decision = request->state;
    if (decision)
        return decision;
    decision = arena_alloc(request->arena, sizeof(*decision));
    decision->llm = llm;
    decision->request = request;
    decision->arena = request->arena;
    decision->brief = model_is_asked_briefly(llm, request);
    if (!model_ask_planner(decision, err) || !prepare_all(decision, err))
        return NULL;
    request->state = decision;
    return decision;
}

/* The first call, once. */
TASK_WAITS static bool decide(struct decision *decision, struct error *err)
{
    if (decision->answered || decision->by_planner || !needs_model(decision) ||
        decision->request->dry)
        return true;
    if (decision->no_place) {
        *err = *decision->no_place;
        decision->cause = CHAT_CAUSE_AWAY;
        return false;
    }
    decision->answered = ask_model(decision, err);
    upstream_give_back(&decision->place); /* where no call came of it */
    decision->by_planner =
        decision->answered && !decision->sql && !decision->declined && decision->planned;
    return decision->answered;
}

TASK_WAITS static bool model_select(struct llm *llm, struct llm_request *request,
                                    struct llm_selection *out, struct error *err)
{
    struct decision *decision = begin(llm, request, err);
    if (!decision)
        return false;
    *out = (struct llm_selection){0};
    if (decision->meta.kind != PLAN_META_NONE) {
        out->dataset = decision->meta.dataset;
        out->reason = "the question is about the data itself";
        return true;
    }
    if (!needs_model(decision)) {
        out->reason = "there is no dataset to ask about";
        return true;
    }
    struct llm_proposal proposal = {0};
    if (decide(decision, err)) {
        if (decision->answered || decision->by_planner)
            propose(decision, &proposal);
    } else if (!stand_in(decision, &proposal, err)) {
        return false;
    }
    bool none = proposal.outcome == LLM_NO_ANSWER && proposal.sentence;
    out->passing = proposal.passing;
    out->dataset = none ? NULL : proposal.dataset;
    out->reason = none ? proposal.sentence : proposal.reason ? proposal.reason : "not asked";
    return true;
}

/* One row of nothing is none: a sum or a count of no rows. */
static bool is_empty(const struct rows *rows)
{
    if (rows->row_count > 1)
        return false;
    for (size_t c = 0; rows->row_count == 1 && c < rows->column_count; c++) {
        const struct cell *cell = rows_cell(rows, 0, c);
        if (cell->type != CELL_NULL && !(cell->type == CELL_INTEGER && cell->integer == 0))
            return false;
    }
    return true;
}

/* What the engine does not understand is put right by code where that is possible. True: it was, and gives no rows. */
TASK_WAITS static bool mend_by_code(struct decision *decision)
{
    const struct llm_request *request = decision->request;
    const struct rows *rows = NULL;
    const char *sql = decision->sql;
    for (int i = 0; i < MENDINGS_MAX && sql; i++) {
        struct error failure = {0}; /* the run will find it, too */
        if (request->try_statement(request->try_context, sql, &rows, &failure)) {
            decision->sql = sql;
            decision->mended = i > 0;
            return decision->mended && is_empty(rows);
        }
        sql = failure.code == ERROR_SQL_FAILED ? model_mend_sql(decision, sql, failure.message)
                                               : NULL;
    }
    return false;
}

/* Texts as they are stored, where that gives rows. */
TASK_WAITS static bool mend_values(struct decision *decision, struct error *ignored)
{
    const struct llm_request *request = decision->request;
    const struct rows *rows = NULL;
    const char *sql = model_mend_values(decision, decision->sql);
    if (!sql || !request->try_statement(request->try_context, sql, &rows, ignored) || is_empty(rows))
        return false;
    decision->sql = sql;
    return true;
}

/* A result of no rows goes back once where the statement asks for texts that no row holds. */
TASK_WAITS static bool mend_empty(struct decision *decision, struct error *err)
{
    struct llm_request *request = decision->request;
    const struct rows *rows = NULL;
    struct error failure = {0}; /* the run will find it, too */
    bool doubtful = decision->sql && request->repairs_left > 0 && mend_by_code(decision);
    if (decision->repaired || !decision->sql || request->repairs_left <= 0 ||
        !request->try_statement(request->try_context, decision->sql, &rows, &failure) ||
        !is_empty(rows) || mend_values(decision, &failure))
        return true;
    struct str values = model_missing_values(decision, decision->sql);
    decision->by_planner = (values.length > 0 || doubtful) && decision->planned;
    if (values.length == 0 || decision->by_planner || !may_mend(decision))
        return true;
    const struct decision *before = arena_memdup(decision->arena, decision, sizeof(*decision));
    ask_to_mend(decision, STR(""), "it gives no rows, because it asks for values that are not stored",
                values);
    bool ok = ask_model(decision, err);
    if (ok ? !decision->declined : !task_check(NULL))
        return ok;
    /* The statement is an answer, too; only a better one did not come. */
    *decision = *before;
    error_clear(err);
    return true;
}

static bool was_tried(const struct decision *decision)
{
    for (size_t i = 0; i < decision->tried_count && decision->sql; i++)
        if (strcmp(decision->tried[i], decision->sql) == 0)
            return true;
    return false;
}

/* The run could not use the statement. Was it the model's, then the planner's is next, and the other way round;
 * else another one, never one that was tried. */
TASK_WAITS static bool mend_failed(struct decision *decision, struct error *err)
{
    const struct llm_request *request = decision->request;
    bool by_model = !decision->by_planner;
    decision->by_planner = by_model && decision->planned;
    decision->planned = false; /* once is enough */
    if (decision->by_planner)
        return true;
    if (!decision->answered)
        return decide(decision, err) && mend_empty(decision, err);
    if (!decision->tried)
        decision->tried = arena_array(decision->arena, MODEL_MESSAGES_MAX, sizeof(*decision->tried));
    if (decision->tried_count == MODEL_MESSAGES_MAX ||
        decision->message_count + 3 > MODEL_MESSAGES_MAX) {
        *err = *request->failure;
        return false;
    }
    decision->tried[decision->tried_count++] = request->failed_sql;
    ask_to_mend(decision, STR(""), model_failure_text(decision, request->failure),
                model_missing_values(decision, request->failed_sql));
    if (!ask_model(decision, err))
        return false;
    if (decision->sql)
        mend_by_code(decision);
    if (was_tried(decision)) {
        *err = *request->failure;
        return false;
    }
    return true;
}

static void describe(const struct decision *decision, struct llm_proposal *out)
{
    *out = (struct llm_proposal){
        .outcome = decision->meta.kind != PLAN_META_NONE ? LLM_DESCRIBE : LLM_NO_ANSWER,
        .dataset = decision->meta.dataset,
        .sentence = decision->meta.kind != PLAN_META_NONE ? decision->meta.sentence
                                                          : "There is no dataset to ask about.",
        .sureness = 1,
    };
}

TASK_WAITS static bool model_generate(struct llm *llm, struct llm_request *request,
                                      struct llm_proposal *out, struct error *err)
{
    struct decision *decision = begin(llm, request, err);
    if (!decision)
        return false;
    if (!needs_model(decision)) {
        describe(decision, out);
        return true;
    }
    if (request->dry) {
        *out = (struct llm_proposal){.outcome = LLM_DESCRIBE,
                                     .sentence = decision->by_planner ? NOTHING_TO_SEND : "Nothing was sent: this is what would be.",
                                     .explanation = explain(decision)};
        return true;
    }
    if (decision->stand_in)
        return stand_in(decision, out, err);
    bool ok = request->failure && (decision->answered || decision->by_planner)
                  ? mend_failed(decision, err)
                  : decide(decision, err) && mend_empty(decision, err);
    if (!ok)
        return stand_in(decision, out, err);
    propose(decision, out);
    if (request->plan.explain)
        out->explanation = explain(decision);
    return true;
}

/* Suggestions are made for the planner's readings alone, and cost no call. */
TASK_WAITS static size_t model_keep_understood(struct llm *llm, const struct llm_request *request,
                                               const struct query *previous,
                                               struct llm_questions *questions)
{
    return llm_planner_driver.keep_understood(llm, request, previous, questions);
}

#define MODEL_DRIVER(title)                                                                        \
    {                                                                                              \
        .name = title,                                                                             \
        .open = model_open,                                                                        \
        .close = model_close,                                                                      \
        .model_id = model_id,                                                                      \
        .last_state = last_state,                                                                  \
        .knows_model = knows_model,                                                                \
        .select = model_select,                                                                    \
        .generate = model_generate,                                                                \
        .write_answer = model_write_answer,                                                        \
        .keep_understood = model_keep_understood,                                                  \
    }

const struct llm_driver llm_anthropic_driver = MODEL_DRIVER("anthropic");
const struct llm_driver llm_openai_driver = MODEL_DRIVER("openai");

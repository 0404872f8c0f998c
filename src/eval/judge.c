/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/judge.h"

#include <string.h>

#include "eval/match.h"

const char *eval_reason_name(enum eval_reason reason)
{
    static const char *const names[EVAL_REASONS] = {
        [EVAL_RIGHT] = "right",           [EVAL_NO_DATASET] = "no_dataset",
        [EVAL_FAILED] = "failed",         [EVAL_WRONG_DATASET] = "wrong_dataset",
        [EVAL_EMPTY] = "empty",           [EVAL_REFUSED] = "refused",
        [EVAL_WRONG_ROWS] = "wrong_rows",
    };
    return names[reason];
}

/* One judgement and what it needs. */
struct judging {
    const struct eval_set *set;
    struct eval_databases *databases;
    const struct eval_question *question;
    struct arena *arena;
    struct eval_result result, lenient; /* what was answered; lenient: made when it is needed */
    bool has_lenient;
    bool ordered;
    struct eval_verdict *verdict;
};

static bool run(const struct judging *judging, struct str sql, const char *as_of,
                struct eval_result *out, struct error *err)
{
    return eval_database_run(judging->databases, judging->question->db_id, sql, as_of,
                             judging->arena, out, err);
}

static struct str text_of(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

/* One accepted result: the rows of a statement, else those that are listed. False: there is none.
 */
static bool gold_result(const struct judging *judging, const json_t *gold, const char *sql_key,
                        const char *rows_key, struct eval_result *out, struct error *err)
{
    struct str sql = text_of(gold, sql_key);
    if (sql.length > 0)
        return run(judging, sql, NULL, out, err);
    return eval_result_of_json(json_object_get(gold, rows_key), judging->arena, out) ||
           error_set(err, ERROR_INVALID, "it has neither gold SQL nor gold rows");
}

static void compare(struct judging *judging, const struct eval_result *gold)
{
    struct eval_verdict *verdict = judging->verdict;
    struct arena *arena = judging->arena;
    if (eval_match(gold, &judging->result, judging->ordered, false, arena)) {
        verdict->exact = verdict->lenient = true;
        return;
    }
    if (!judging->has_lenient)
        judging->lenient = eval_lenient(&judging->result, arena);
    judging->has_lenient = true;
    struct eval_result lenient = eval_lenient(gold, arena);
    verdict->lenient |= eval_match(&lenient, &judging->lenient, judging->ordered, true, arena);
}

static bool compare_with_all(struct judging *judging, bool *gold_is_empty, struct error *err)
{
    const json_t *json = judging->question->json, *other;
    struct eval_result gold;
    size_t i;
    if (!gold_result(judging, json, "gold_sql", "gold_rows", &gold, err))
        return false;
    *gold_is_empty = gold.row_count == 0;
    compare(judging, &gold);
    json_array_foreach(json_object_get(json, "gold_alts"), i, other)
    {
        if (judging->verdict->exact)
            break;
        if (!json_object_get(other, "sql") && !json_object_get(other, "rows"))
            continue;
        if (!gold_result(judging, other, "sql", "rows", &gold, err))
            return false;
        compare(judging, &gold);
    }
    return true;
}

static bool compare_answers(struct judging *judging, bool *gold_is_empty, struct error *err)
{
    const json_t *json = judging->question->json, *tolerance = json_object_get(json, "tolerance");
    struct eval_result gold;
    if (!eval_result_of_json(json_object_get(json, "gold_rows"), judging->arena, &gold))
        return error_set(err, ERROR_INVALID, "it has no gold rows");
    *gold_is_empty = gold.row_count == 0;
    eval_match_answers(&gold, &judging->result,
                       json_is_number(tolerance) ? json_number_value(tolerance) : -1,
                       judging->arena, &judging->verdict->exact, &judging->verdict->lenient);
    return true;
}

static bool is_gold_table(const struct eval_question *question, const char *table)
{
    const json_t *tables = json_object_get(question->json, "gold_tables"), *gold;
    size_t i;
    json_array_foreach(tables, i, gold) if (json_is_string(gold) &&
                                            str_equal_nocase(str_from(json_string_value(gold)),
                                                             str_from(table))) return true;
    return json_array_size(tables) == 0;
}

static enum eval_reason reason_of(const struct judging *judging, const struct eval_answer *answer,
                                  bool gold_is_empty)
{
    if (judging->verdict->exact)
        return EVAL_RIGHT;
    if (answer->no_dataset)
        return EVAL_NO_DATASET;
    if (answer->table && !is_gold_table(judging->question, answer->table))
        return EVAL_WRONG_DATASET;
    if (!judging->verdict->answered)
        return EVAL_REFUSED;
    return judging->result.row_count == 0 && !gold_is_empty ? EVAL_EMPTY : EVAL_WRONG_ROWS;
}

static bool fail_with(struct eval_verdict *verdict, enum error_code code)
{
    verdict->reason = EVAL_FAILED;
    verdict->code = code;
    return true;
}

static bool judge(struct judging *judging, const struct eval_answer *answer, struct error *err)
{
    struct eval_verdict *verdict = judging->verdict;
    struct error failure = {0};
    bool gold_is_empty = false;
    if (answer->error.code != ERROR_NONE)
        return fail_with(verdict, answer->error.code);
    if (!answer->answered) {
        verdict->reason = reason_of(judging, answer, false);
        return true;
    }
    if (answer->result)
        judging->result = *answer->result;
    else if (!run(judging, answer->sql, judging->set->as_of, &judging->result, &failure))
        return fail_with(verdict, failure.code);
    bool ok = judging->set->judging == EVAL_BY_ANSWERS
                  ? compare_answers(judging, &gold_is_empty, err)
                  : compare_with_all(judging, &gold_is_empty, err);
    verdict->reason = reason_of(judging, answer, gold_is_empty);
    return ok || error_wrap(err, "question '%s'", judging->question->id);
}

bool eval_judge(const struct eval_set *set, struct eval_databases *databases,
                const struct eval_question *question, const struct eval_answer *answer,
                struct eval_verdict *out, struct error *err)
{
    struct judging judging = {
        .set = set,
        .databases = databases,
        .question = question,
        .arena = arena_new(),
        .ordered = json_is_true(json_object_get(question->json, "order_matters")),
        .verdict = out,
    };
    *out = (struct eval_verdict){.answered = answer->answered};
    bool ok = judge(&judging, answer, err);
    arena_free(judging.arena);
    return ok;
}

struct eval_answer eval_answer_of_prediction(const json_t *json, struct arena *arena,
                                             struct eval_result *result)
{
    struct eval_answer answer = {0};
    const json_t *rows = json_object_get(json, "rows");
    if (rows && !json_is_null(rows)) {
        answer.answered = true;
        if (!eval_result_of_json(rows, arena, result))
            error_set(&answer.error, ERROR_INVALID, "rows is no list");
        answer.result = result;
        return answer;
    }
    answer.sql = text_of(json, "sql");
    answer.answered = answer.sql.length > 0;
    return answer;
}

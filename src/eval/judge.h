/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what was answered to a question of a set is right. Blocks (SQLite): not for a loop. */
#ifndef QUERENT_EVAL_JUDGE_H
#define QUERENT_EVAL_JUDGE_H

#include "eval/database.h"
#include "eval/set.h"

/* Why a question did not get the right rows. */
enum eval_reason {
    EVAL_RIGHT,
    EVAL_NO_DATASET,    /* none was found that fits */
    EVAL_WRONG_DATASET, /* another one than the gold statement reads */
    EVAL_REFUSED,       /* asked back, or said that it can't */
    EVAL_FAILED,        /* an error; its code says which */
    EVAL_EMPTY,         /* no rows, where there are some */
    EVAL_WRONG_ROWS,
    EVAL_REASONS
};
const char *eval_reason_name(enum eval_reason reason); /* "right", "no_dataset", ... */

/* What was answered, or predicted. */
struct eval_answer {
    bool answered;
    const struct eval_result *result; /* NULL: there is a statement instead, or nothing */
    struct str sql;                   /* SQLite's; to be run. bytes NULL: none */
    /* Known where a question was asked; else false, NULL. */
    bool no_dataset;
    const char *table;  /* "db.table": which was chosen */
    struct error error; /* code is ERROR_NONE unless it failed */
};

struct eval_verdict {
    bool answered, exact, lenient;
    enum eval_reason reason;
    enum error_code code; /* of EVAL_FAILED */
};

/* ERROR_SQL_FAILED and the like when the set's own gold can't be had. */
bool eval_judge(const struct eval_set *set, struct eval_databases *databases,
                const struct eval_question *question, const struct eval_answer *answer,
                struct eval_verdict *out, struct error *err);

/* A line of predictions as an answer; what it holds lives in the arena. json NULL: none. */
struct eval_answer eval_answer_of_prediction(const json_t *json, struct arena *arena,
                                             struct eval_result *result);

#endif

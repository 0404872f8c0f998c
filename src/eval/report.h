/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came out of a set: a JSON object, and text for people made from it, so that a report that
 * was kept can be put beside a new one.
 */
#ifndef QUERENT_EVAL_REPORT_H
#define QUERENT_EVAL_REPORT_H

#include "core/strbuf.h"
#include "eval/judge.h"

struct eval_item {
    const struct eval_question *question;
    struct eval_verdict verdict;
    uint64_t duration_us; /* 0: it was not asked */
};

struct eval_outcome {
    const struct eval_set *set;
    const struct eval_item *items;
    size_t count;
    const char *source; /* "planner", or "predictions" */
    const char *scope;  /* "database" or "all": which datasets could be chosen; NULL: not asked */
    bool stopped;       /* not all were asked */
    size_t not_judged;  /* their gold can't be had; they are not among the items */
    int64_t tokens_in, tokens_out;
    double cost;
};

/* The caller frees it with json_decref(). */
json_t *eval_report(const struct eval_outcome *outcome, const char *version);
/* As lines of text; `earlier` is another report, or NULL. */
void eval_report_print(const json_t *report, const json_t *earlier, struct strbuf *out);

#endif

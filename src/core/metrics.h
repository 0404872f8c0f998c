/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted of the program while it runs: one table (core/metrics_table.h), read by
 * metrics_print() in Prometheus' text format.
 *
 *     metrics_add(METRIC_REPAIRS, 0, 0, 1);
 *     metrics_observe(METRIC_STORE_DURATION, 0, duration_us);
 *
 * Any thread counts at any time, without a lock and without waiting: threads are spread over a few
 * copies of all counters, which are summed when they are read. One count costs some nanoseconds.
 *
 * A metric has a series for each pair of label values; labels are indexes of a fixed range here,
 * and whoever prints gives them names. So the number of series is bounded by the table, whatever
 * clients send.
 */
#ifndef QUERENT_CORE_METRICS_H
#define QUERENT_CORE_METRICS_H

#include <stdint.h>

#include "core/error.h"
#include "core/strbuf.h"

/* How many values a label may have. */
#define METRIC_LABELS(LABEL)                                                                       \
    LABEL(ONE, 1, NULL)                                /* no label */                              \
    LABEL(ENDPOINT, 160, "route, method")              /* api/traffic.h */                         \
    LABEL(STATUS, 6, "status")                         /* 1xx to 5xx; 0: another */                \
    LABEL(OUTCOME, 5 + ERROR_CODES, "outcome, code")   /* enum metric_outcome */                   \
    LABEL(REPLY, 2, "reply")                           /* 0: worked out; 1: from the cache */      \
    LABEL(STEP, 6, "step")                             /* enum run_step */                         \
    LABEL(ENGINE, 5, "engine")                         /* enum sql_dialect */                      \
    LABEL(CODE, ERROR_CODES, "code")                   /* enum error_code */                       \
    LABEL(WORKER_END, 3, "how")                        /* enum metric_worker_end */                \
    LABEL(CACHE, 6, "type")                            /* enum cache_type */                       \
    LABEL(LEVEL, 4, "level")                           /* enum cache_level */                      \
    LABEL(UPSTREAM, 8, "upstream")                     /* net/fetch.h */                           \
    LABEL(FETCH, 8, "outcome")                         /* net/upstream.h */                        \
    LABEL(PROVIDER, 3, "provider")                     /* of language models; the last: others */  \
    LABEL(TOKENS, 4, "kind")                           /* input, cached, cache_written, output */  \
    LABEL(VERSION, 1, "version")

enum metric_label {
#define LABEL(symbol, count, names) METRIC_LABEL_##symbol,
    METRIC_LABELS(LABEL)
#undef LABEL
    METRIC_LABEL_KINDS
};
enum {
#define LABEL(symbol, count, names) METRIC_##symbol##_MAX = (count),
    METRIC_LABELS(LABEL)
#undef LABEL
};

enum metric_id {
#define METRIC(symbol, name, type, label, label2, buckets, help) METRIC_##symbol,
#include "core/metrics_table.h"
#undef METRIC
    METRICS
};

/* Values of labels that belong to no enum of another module. */
enum metric_outcome {
    OUTCOME_ANSWERED,
    OUTCOME_NEEDS_CLARIFICATION,
    OUTCOME_NO_ANSWER,
    OUTCOME_CANCELLED,
    OUTCOME_CUT,
    OUTCOME_FAILED, /* and the error's code added */
};
enum metric_worker_end { WORKER_END_STOPPED, WORKER_END_KILLED, WORKER_END_DIED };

/* Adds to a counter or gauge; `label` and `label2` are 0 where the metric has none. What is out of
 * range is counted as the last value. */
void metrics_add(enum metric_id metric, unsigned label, unsigned label2, int64_t amount);
/* Puts a value that is known as a whole, just before it is read. Not to be mixed with adding. */
void metrics_set(enum metric_id metric, unsigned label, unsigned label2, int64_t value);
/* One value into a histogram: microseconds, or a count. */
void metrics_observe(enum metric_id metric, unsigned label, uint64_t value);
/* The sum of all threads; of a histogram how many values it has. */
int64_t metrics_read(enum metric_id metric, unsigned label, unsigned label2);

/* For one kind of label: how many values are in use, and how to write one: `step="answer"`, with
 * metrics_add_label(). */
struct metric_label_names {
    unsigned count;
    void (*print)(void *context, unsigned index, struct strbuf *out);
};
/* Escapes the value; a comma goes before it unless it is the first of its series. */
void metrics_add_label(struct strbuf *out, const char *name, const char *value);

/* Prometheus' text format 0.0.4. `names` has METRIC_LABEL_KINDS elements; that of ONE is not used.
 * Metrics of many series show only those that were counted. */
void metrics_print(struct strbuf *out, const struct metric_label_names *names, void *context);
/* The page docs/metrics.md. */
void metrics_print_markdown(struct strbuf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What language models were used for, summed by day, caller, provider and model. A run's own is written with
 * its end (struct run_end), and is in its result.
 */
#ifndef QUERENT_STORE_USAGE_H
#define QUERENT_STORE_USAGE_H

#include "core/strbuf.h"
#include "store/store.h"

#define STORE_USAGE_MAX 10000 /* rows asked for at once */

/* Of one run, or of some. */
struct usage {
    const char *provider, *model;
    int64_t calls;
    int64_t input, cached, cache_written, output; /* tokens */
    int64_t cost_nano;                            /* US dollars / 10^9, of calls with a known price */
    int64_t unpriced;                             /* calls whose price is not known */
};

struct usage_sum {
    const char *day, *user_id;
    int64_t runs;
    struct usage usage;
};

/* Adds what was used outside of runs, such as embeddings; `user_id` is whoever it was for. */
TASK_WAITS bool store_usage_add(struct store *store, const char *user_id, const struct usage *usage,
                                struct error *err);

struct usage_filter {
    const char *user_id;      /* NULL: all */
    const char *from_day;     /* this day and later, "2026-11-23"; NULL: all */
};
/* The latest day first, at most `limit` (1 to STORE_USAGE_MAX). */
TASK_WAITS bool store_usage_list(struct store *store, const struct usage_filter *filter, size_t limit,
                                 struct arena *arena, struct usage_sum **out, size_t *count,
                                 struct error *err);

/* {"day", "user_id", "provider", "model", "runs", "calls", "tokens": {...}, "cost", "unpriced_calls"} */
void usage_sum_json(const struct usage_sum *sum, struct strbuf *out);
/* {"input", "cached", "cache_written", "output", "total"} */
void usage_tokens_json(const struct usage *usage, struct strbuf *out);
/* In US dollars, of the calls whose price is known; null where that is none of them. */
void usage_cost_json(const struct usage *usage, struct strbuf *out);

#endif

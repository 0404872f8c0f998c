/* SPDX-License-Identifier: Apache-2.0 */
#include "core/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#define SHARDS 8        /* copies of all counters; threads take them in turn */
#define SERIES_SHOWN 40 /* a metric that can have no more shows also those that are 0 */
#define MICROSECONDS 1000000

enum metric_type { COUNTER, GAUGE, HISTOGRAM, TIME_COUNTER, TIME_GAUGE };

/* Upper bounds of the buckets; above the last one is +Inf. */
static const int64_t bounds_time[] = {100,     250,     500,      1000,     2500,     5000,
                                      10000,   25000,   50000,    100000,   250000,   500000,
                                      1000000, 2500000, 10000000, 30000000, 120000000};
static const int64_t bounds_count[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

enum {
    BOUNDS_TIME = sizeof(bounds_time) / sizeof(bounds_time[0]),
    BOUNDS_COUNT = sizeof(bounds_count) / sizeof(bounds_count[0]),
    /* Cells of one series: its value; or its buckets, with +Inf, and the sum. */
    CELLS_NONE = 1,
    CELLS_TIME = BOUNDS_TIME + 2,
    CELLS_COUNT = BOUNDS_COUNT + 2,
};

/* Where the cells of each metric begin. */
enum {
#define METRIC(symbol, name, type, label, label2, buckets, help) \
    FIRST_##symbol,                                              \
        LAST_##symbol =                                          \
            FIRST_##symbol + METRIC_##label##_MAX * METRIC_##label2##_MAX * CELLS_##buckets - 1,
#include "core/metrics_table.h"
#undef METRIC
    CELLS
};

struct metric_row {
    const char *name;
    const char *help;
    const int64_t *bounds;
    uint32_t first;  /* cell */
    uint16_t stride; /* cells of a series */
    uint16_t label_count, label2_count;
    uint8_t type, label, label2;
};

#define BOUNDS_OF_NONE NULL
#define BOUNDS_OF_TIME bounds_time
#define BOUNDS_OF_COUNT bounds_count

static const struct metric_row rows[METRICS] = {
#define METRIC(symbol, name, type, label, label2, buckets, help) \
    [METRIC_##symbol] = {name,                                   \
                         help,                                   \
                         BOUNDS_OF_##buckets,                    \
                         FIRST_##symbol,                         \
                         CELLS_##buckets,                        \
                         METRIC_##label##_MAX,                   \
                         METRIC_##label2##_MAX,                  \
                         type,                                   \
                         METRIC_LABEL_##label,                   \
                         METRIC_LABEL_##label2},
#include "core/metrics_table.h"
#undef METRIC
};

static const char *const label_names[METRIC_LABEL_KINDS] = {
#define LABEL(symbol, count, names) names,
    METRIC_LABELS(LABEL)
#undef LABEL
};

static struct shard {
    _Alignas(64) _Atomic int64_t cells[CELLS];
} shards[SHARDS];

static atomic_uint threads_seen;
static _Thread_local struct shard *own_shard;

/* Two threads may have the same one, so that it is added to atomically all the same: that costs
 * little as long as no other processor has just written there. */
static struct shard *shard_of_thread(void)
{
    if (!own_shard)
        own_shard =
            &shards[atomic_fetch_add_explicit(&threads_seen, 1, memory_order_relaxed) % SHARDS];
    return own_shard;
}

static uint32_t series_cell(const struct metric_row *row, unsigned label, unsigned label2)
{
    label = label < row->label_count ? label : row->label_count - 1u;
    label2 = label2 < row->label2_count ? label2 : row->label2_count - 1u;
    return row->first + (label * row->label2_count + label2) * row->stride;
}

static void add(uint32_t cell, int64_t amount)
{
    atomic_fetch_add_explicit(&shard_of_thread()->cells[cell], amount, memory_order_relaxed);
}

static int64_t sum(uint32_t cell)
{
    int64_t total = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        total += atomic_load_explicit(&shards[i].cells[cell], memory_order_relaxed);
    return total;
}

void metrics_add(enum metric_id metric, unsigned label, unsigned label2, int64_t amount)
{
    add(series_cell(&rows[metric], label, label2), amount);
}

void metrics_set(enum metric_id metric, unsigned label, unsigned label2, int64_t value)
{
    uint32_t cell = series_cell(&rows[metric], label, label2);
    atomic_store_explicit(&shards[0].cells[cell], value, memory_order_relaxed);
}

void metrics_observe(enum metric_id metric, unsigned label, uint64_t value)
{
    const struct metric_row *row = &rows[metric];
    uint32_t cell = series_cell(row, label, 0), infinity = row->stride - 2u, bucket = 0;
    int64_t amount = value > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)value;
    while (bucket < infinity && amount > row->bounds[bucket])
        bucket++;
    add(cell + bucket, 1);
    add(cell + row->stride - 1u, amount);
}

int64_t metrics_read(enum metric_id metric, unsigned label, unsigned label2)
{
    const struct metric_row *row = &rows[metric];
    uint32_t cell = series_cell(row, label, label2);
    int64_t total = 0;
    if (row->type != HISTOGRAM)
        return sum(cell);
    for (uint32_t i = 0; i < row->stride - 1u; i++)
        total += sum(cell + i);
    return total;
}

/* ---- printing ---- */

void metrics_add_label(struct strbuf *out, const char *name, const char *value)
{
    if (out->length > 0 && out->bytes[out->length - 1] != '{')
        strbuf_add_char(out, ',');
    strbuf_add(out, name);
    strbuf_add(out, "=\"");
    for (; *value; value++) {
        if (*value == '\n') {
            strbuf_add(out, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *value);
    }
    strbuf_add_char(out, '"');
}

/* Seconds of microseconds, exactly. */
static void add_seconds(struct strbuf *out, int64_t value)
{
    if (value % MICROSECONDS == 0) {
        strbuf_printf(out, "%" PRId64, value / MICROSECONDS);
        return;
    }
    strbuf_printf(out, "%" PRId64 ".%06" PRId64, value / MICROSECONDS, value % MICROSECONDS);
    size_t length = out->length;
    while (length > 0 && out->bytes[length - 1] == '0')
        length--;
    strbuf_truncate(out, length);
}

static void add_value(struct strbuf *out, const struct metric_row *row, int64_t value)
{
    if (row->bounds == bounds_time || row->type == TIME_COUNTER || row->type == TIME_GAUGE)
        add_seconds(out, value);
    else
        strbuf_printf(out, "%" PRId64, value);
}

struct printing {
    struct strbuf *out;
    const struct metric_label_names *names;
    void *context;
};

/* name_suffix{labels,le="..."} */
static void add_series(const struct printing *printing, const struct metric_row *row,
                       const char *suffix, unsigned label, unsigned label2, const char *bound)
{
    struct strbuf *out = printing->out;
    strbuf_add(out, row->name);
    strbuf_add(out, suffix);
    strbuf_add_char(out, '{');
    if (row->label != METRIC_LABEL_ONE)
        printing->names[row->label].print(printing->context, label, out);
    if (row->label2 != METRIC_LABEL_ONE)
        printing->names[row->label2].print(printing->context, label2, out);
    if (bound)
        metrics_add_label(out, "le", bound);
    if (out->bytes[out->length - 1] == '{')
        strbuf_truncate(out, out->length - 1);
    else
        strbuf_add_char(out, '}');
    strbuf_add_char(out, ' ');
}

/* Buckets and count come from the same reading, so that they agree while others count. */
static void print_histogram(const struct printing *printing, const struct metric_row *row,
                            unsigned label)
{
    struct strbuf *out = printing->out;
    uint32_t cell = series_cell(row, label, 0);
    int64_t count = 0;
    for (uint32_t i = 0; i < row->stride - 1u; i++) {
        struct strbuf bound = strbuf_init(64);
        count += sum(cell + i);
        if (i < row->stride - 2u)
            add_value(&bound, row, row->bounds[i]);
        else
            strbuf_add(&bound, "+Inf");
        add_series(printing, row, "_bucket", label, 0, strbuf_text(&bound));
        strbuf_printf(out, "%" PRId64 "\n", count);
        strbuf_clear(&bound);
    }
    add_series(printing, row, "_sum", label, 0, NULL);
    add_value(out, row, sum(cell + row->stride - 1u));
    strbuf_add_char(out, '\n');
    add_series(printing, row, "_count", label, 0, NULL);
    strbuf_printf(out, "%" PRId64 "\n", count);
}

static unsigned values_in_use(const struct printing *printing, enum metric_label label)
{
    return label == METRIC_LABEL_ONE ? 1 : printing->names[label].count;
}

static const char *type_name(const struct metric_row *row)
{
    static const char *const names[] = {[COUNTER] = "counter",
                                        [GAUGE] = "gauge",
                                        [HISTOGRAM] = "histogram",
                                        [TIME_COUNTER] = "counter",
                                        [TIME_GAUGE] = "gauge"};
    return names[row->type];
}

static void print_metric(const struct printing *printing, enum metric_id metric)
{
    const struct metric_row *row = &rows[metric];
    struct strbuf *out = printing->out;
    unsigned count = values_in_use(printing, row->label);
    unsigned count2 = values_in_use(printing, row->label2);
    bool whole = row->label_count * row->label2_count <= SERIES_SHOWN;
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                  type_name(row));
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count2; j++) {
            int64_t value = metrics_read(metric, i, j);
            if (value == 0 && !whole)
                continue;
            if (row->type == HISTOGRAM) {
                print_histogram(printing, row, i);
                continue;
            }
            add_series(printing, row, "", i, j, NULL);
            add_value(out, row, value);
            strbuf_add_char(out, '\n');
        }
}

void metrics_print(struct strbuf *out, const struct metric_label_names *names, void *context)
{
    const struct printing printing = {out, names, context};
    for (enum metric_id metric = 0; metric < METRICS; metric++)
        print_metric(&printing, metric);
}

static void add_bounds(struct strbuf *out, const struct metric_row *row)
{
    for (uint32_t i = 0; i + 2u < row->stride; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        add_value(out, row, row->bounds[i]);
    }
}

void metrics_print_markdown(struct strbuf *out)
{
    strbuf_add(
        out,
        "# Metrics\n\n"
        "`GET /metrics` tells them in Prometheus' text format, for all loops of the "
        "process. This page is made from the table in `src/core/metrics_table.h`; do "
        "not edit it.\n\n"
        "The values of labels come from tables of the program, never from what clients "
        "send: a path without a route is `route=\"none\"`, an unknown method `other`, "
        "errors are named by their codes. A metric that can have more than 40 series shows those "
        "that were counted.\n\n"
        "| metric | type | labels | what |\n|---|---|---|---|\n");
    for (enum metric_id metric = 0; metric < METRICS; metric++) {
        const struct metric_row *row = &rows[metric];
        const char *first = label_names[row->label], *second = label_names[row->label2];
        strbuf_printf(out, "| `%s` | %s | %s%s%s | %s |\n", row->name, type_name(row),
                      first ? first : "", first && second ? ", " : "", second ? second : "",
                      row->help);
    }
    strbuf_add(out, "\nBuckets of times, in seconds: ");
    add_bounds(out, &rows[METRIC_HTTP_DURATION]);
    strbuf_add(out, ". Of groups of changes: ");
    add_bounds(out, &rows[METRIC_STORE_GROUP]);
    strbuf_add(out, ".\n");
}

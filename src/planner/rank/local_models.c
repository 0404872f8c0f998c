/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/local_models.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    enum aggregate aggregate;
} aggregate_names[] = {
    {"C", AGGREGATE_COUNT},  {"count", AGGREGATE_COUNT}, {"countd", AGGREGATE_COUNT_DISTINCT},
    {"sum", AGGREGATE_SUM},  {"avg", AGGREGATE_AVG},     {"min", AGGREGATE_MIN},
    {"max", AGGREGATE_MAX},
};

static bool read_aggregate(struct str name, enum aggregate *out)
{
    for (size_t i = 0; i < sizeof(aggregate_names) / sizeof(aggregate_names[0]); i++)
        if (str_equal_text(name, aggregate_names[i].name)) {
            *out = aggregate_names[i].aggregate;
            return true;
        }
    return false;
}

/* "P", "P+C", "avg,max", "*" */
static bool read_select(struct str text, struct sketch *out)
{
    if (str_equal_text(text, "P")) {
        out->plain = true;
        return true;
    }
    if (str_starts(text, STR("P+"))) {
        out->plain = true;
        text = str_slice(text, 2, text.length);
    }
    struct str name;
    while (str_split(&text, ',', &name)) {
        if (str_equal_text(name, "*"))
            out->star = true;
        else if (out->aggregate_count == SKETCH_AGGREGATES_MAX ||
                 !read_aggregate(name, &out->aggregates[out->aggregate_count++]))
            return false;
    }
    return true;
}

/* "", "w", "int", "uni", "exc", "exc1", "n>avg", "n=maxw" */
static bool read_where(struct str text, struct sketch *out)
{
    static const struct {
        const char *name;
        enum where_shape shape;
    } shapes[] = {{"", WHERE_NONE},       {"w", WHERE_PLAIN},    {"int", WHERE_INTERSECT},
                  {"uni", WHERE_UNION},   {"exc", WHERE_EXCEPT}, {"exc1", WHERE_ALL_EXCEPT}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (str_equal_text(text, shapes[i].name)) {
            out->where = shapes[i].shape;
            return true;
        }
    if (text.length < 5 || text.length > 6 || text.bytes[0] != 'n')
        return false;
    char op = text.bytes[1];
    out->nested_comparison = op == '>' ? COMPARE_GREATER : op == '<' ? COMPARE_LESS : COMPARE_EQUAL;
    out->where = text.length == 6 ? WHERE_NESTED_FILTERED : WHERE_NESTED;
    return read_aggregate(str_slice(text, 2, 5), &out->nested_aggregate);
}

/* "", "col+", "count-" */
static bool read_order(struct str text, struct sketch *out)
{
    if (text.length == 0)
        return true;
    out->ordered = true;
    out->descending = text.bytes[text.length - 1] == '-';
    struct str key = str_slice(text, 0, text.length - 1);
    return str_equal_text(key, "col") || read_aggregate(key, &out->order);
}

static bool read_sketch(struct str parts[SKETCH_PARTS], struct sketch *out)
{
    int64_t distinct, groups, limit;
    if (!read_select(parts[PART_SELECT], out) || !read_where(parts[PART_WHERE], out) ||
        !read_order(parts[PART_ORDER], out) || !str_to_i64(parts[PART_DISTINCT], &distinct) ||
        !str_to_i64(parts[PART_GROUP], &groups) || !str_to_i64(parts[PART_LIMIT], &limit))
        return false;
    if (groups < 0 || groups > 2 || limit < LIMIT_NONE || limit > LIMIT_SOME)
        return false;
    if (parts[PART_HAVING].length > 0 && !read_aggregate(parts[PART_HAVING], &out->having))
        return false;
    out->distinct = distinct != 0;
    out->group_count = (size_t)groups;
    out->limit = (enum limit_shape)limit;
    return true;
}

/* The class of `text` among those of part `p`, or SIZE_MAX. */
static size_t find_part(struct str parts, size_t first, int p, struct str text)
{
    struct str line;
    for (size_t i = first; str_split(&parts, '\n', &line); i++) {
        if (line.length >= 2 && line.bytes[0] == (char)('0' + p) &&
            str_equal(str_slice(line, 2, line.length), text))
            return i;
    }
    return SIZE_MAX;
}

static bool read_part_ranges(struct str parts, struct sketch_table *out, struct error *err)
{
    size_t i = out->count;
    int part = 0;
    struct str line;
    out->part_first[0] = i;
    while (str_split(&parts, '\n', &line)) {
        if (line.length == 0)
            continue;
        int p = line.bytes[0] - '0';
        if (line.length < 2 || p < part || p >= SKETCH_PARTS)
            return error_set(err, ERROR_INVALID, "the table of parts is wrong");
        while (part < p)
            out->part_first[++part] = i;
        i++;
    }
    while (part < SKETCH_PARTS)
        out->part_first[++part] = i;
    return true;
}

bool sketch_table_read(const struct weights *weights, struct sketch_table *out,
                       struct error *err)
{
    struct str rest = weights->sketches, line;
    *out = (struct sketch_table){0};
    while (str_split(&rest, '\n', &line)) {
        if (line.length == 0)
            continue;
        struct str parts[SKETCH_PARTS] = {{0}};
        struct str fields = line;
        size_t n = 0;
        while (n < SKETCH_PARTS && str_split(&fields, '\t', &parts[n]))
            n++;
        if (out->count == SKETCHES_MAX || n != SKETCH_PARTS ||
            !read_sketch(parts, &out->items[out->count]))
            return error_set(err, ERROR_INVALID, "sketch %zu is wrong", out->count);
        out->count++;
    }
    if (!read_part_ranges(weights->parts, out, err))
        return false;
    rest = weights->sketches;
    for (size_t s = 0; s < out->count && str_split(&rest, '\n', &line); s++) {
        struct str part;
        for (int p = 0; p < SKETCH_PARTS && str_split(&line, '\t', &part); p++) {
            out->items[s].part_class[p] = find_part(weights->parts, out->count, p, part);
            if (out->items[s].part_class[p] == SIZE_MAX)
                return error_set(err, ERROR_INVALID, "sketch %zu has an unknown part", s);
        }
    }
    if (out->part_first[SKETCH_PARTS] != weights->question.class_count || out->count == 0 ||
        weights->roles.class_count != COLUMN_USES || weights->conditions.class_count != 1)
        return error_set(err, ERROR_INVALID, "the models don't fit their tables");
    return true;
}

/* Scores first .. end - 1 become log-probabilities. */
static void log_softmax(float *scores, size_t first, size_t end)
{
    float most = -INFINITY;
    double sum = 0;
    for (size_t i = first; i < end; i++)
        most = fmaxf(most, scores[i]);
    for (size_t i = first; i < end; i++)
        sum += exp((double)(scores[i] - most));
    for (size_t i = first; i < end; i++)
        scores[i] = (float)fmax((double)(scores[i] - most) - log(sum), -20.7);
}

static float probability(float score)
{
    double p = 1 / (1 + exp(-(double)score));
    return (float)fmin(fmax(p, 1e-4), 1 - 1e-4);
}

void local_models_apply(const struct weights *weights, const struct sketch_table *sketches,
                        const struct delexed_question *question,
                        const struct reading_list *conditions, struct arena *arena,
                        struct local_scores *out)
{
    size_t columns = question->links->index->column_count;
    struct feature_set features = feature_set_init(arena, false);
    question_features(question, &features);
    out->part = arena_array(arena, weights->question.class_count + 1, sizeof(float));
    linear_model_score(&weights->question, &features, out->part);
    out->sketch = out->part;
    log_softmax(out->part, 0, sketches->count);
    for (int p = 0; p < SKETCH_PARTS; p++)
        log_softmax(out->part, sketches->part_first[p], sketches->part_first[p + 1]);
    out->use = arena_array(arena, columns + 1, sizeof(*out->use));
    for (size_t c = 0; c < columns; c++) {
        struct arena_mark mark = arena_mark(arena);
        features = feature_set_init(arena, false);
        column_features(question, c, &features);
        linear_model_score(&weights->roles, &features, out->use[c]);
        arena_rollback(arena, mark);
        for (int use = 0; use < COLUMN_USES; use++)
            out->use[c][use] = probability(out->use[c][use]);
    }
    out->condition = arena_array(arena, conditions->count + 1, sizeof(float));
    for (size_t i = 0; i < conditions->count; i++) {
        linear_model_score(&weights->conditions, &conditions->items[i].features,
                           &out->condition[i]);
        out->condition[i] = probability(out->condition[i]);
    }
}
